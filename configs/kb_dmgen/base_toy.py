# The toy base without pose: sampled, not trained.
_base_ = './_base_/generator_toy.py'
