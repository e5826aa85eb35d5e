# Stable-Pose-style with dynamic masks on Human-Art.
_base_ = './_base_/generator_sd15_humanart.py'

model = dict(
    adapter=dict(),
    masks=dict(),
    alpha=5.0,
)
