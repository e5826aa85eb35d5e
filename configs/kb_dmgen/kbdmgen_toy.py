# KB-DMGen on ToyHuman: dynamic masks and a knowledge base.
_base_ = [
    './_base_/generator_toy.py',
    './_base_/knowledge_toy.py',
]

model = dict(
    adapter=dict(conditioning_channels=(16, 32, 64)),
    masks=dict(
        softness=2.0, num_heads=4, block=dict(embed_dim=32, head_dim=16)
    ),
    alpha=5.0,
    knowledge_base={{_base_.knowledge_base}},
    film=dict(places=(4, 7), rank=32),
)
