# Stable-Pose-style with a knowledge base on Human-Art.
_base_ = [
    './_base_/generator_sd15_humanart.py',
    './_base_/knowledge_sd15_humanart.py',
]

model = dict(
    adapter=dict(),
    masks=dict(learnable=False),
    alpha=5.0,
    knowledge_base={{_base_.knowledge_base}},
    film=dict(places=(4, 7, 10)),
)
