# Stable Diffusion 1.5 without pose: sampled, not trained.
_base_ = './_base_/generator_sd15_humanart.py'
