# ControlNet on ToyHuman: the adapter alone.
_base_ = './_base_/generator_toy.py'

model = dict(
    adapter=dict(conditioning_channels=(16, 32, 64)),
)
