# Stable-Pose-style on Human-Art: static masks and the weighted loss.
_base_ = './_base_/generator_sd15_humanart.py'

model = dict(
    adapter=dict(),
    masks=dict(learnable=False),
    alpha=5.0,
)
