# ControlNet on Human-Art: the adapter alone.
_base_ = './_base_/generator_sd15_humanart.py'

model = dict(
    adapter=dict(),
)
