"""KB-DMGen with a real codebook and classifier, of a few random weights."""

from tiny_generator import full

SOURCE = dict(
    type='mmkbdm.PredictedCode',
    codebook=dict(
        type='mmkbdm.FeatureCodebook', in_dim=6, num_codes=8, code_dim=4
    ),
    text_to_code=dict(
        type='mmkbdm.TextToCode',
        in_dim=6,
        num_codes=8,
        # Where a training finds the weights; a pipeline has them inside.
        init_cfg=dict(type='Pretrained', checkpoint='gone.pth'),
    ),
    top_k=3,
)
KNOWLEDGE = dict(type='mmkbdm.KnowledgeBase', source=SOURCE)


def kb_dmgen(**settings):
    """KB-DMGen with a real codebook."""
    return full(knowledge_base=KNOWLEDGE, **settings)
