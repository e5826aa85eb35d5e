# Stable-Pose-style with dynamic masks on ToyHuman.
_base_ = './_base_/generator_toy.py'

model = dict(
    adapter=dict(conditioning_channels=(16, 32, 64)),
    masks=dict(
        softness=2.0, num_heads=4, block=dict(embed_dim=32, head_dim=16)
    ),
    alpha=5.0,
)
