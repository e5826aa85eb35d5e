# KB-DMGen on Human-Art: dynamic masks and a knowledge base.
# FiLM layers of the paper's size: film=dict(kind='conv3x3').
_base_ = [
    './_base_/generator_sd15_humanart.py',
    './_base_/knowledge_sd15_humanart.py',
]

model = dict(
    adapter=dict(),
    masks=dict(),
    alpha=5.0,
    knowledge_base={{_base_.knowledge_base}},
    film=dict(places=(4, 7, 10)),
)
