# The knowledge base of both stages on ToyHuman.
knowledge_base = dict(
    type='mmkbdm.KnowledgeBase',
    source=dict(
        type='mmkbdm.PredictedCode',
        codebook=dict(
            type='mmkbdm.FeatureCodebook',
            in_dim=64,
            num_codes=128,
            code_dim=32,
            hidden_dim=128,
            init_cfg=dict(
                type='Pretrained',
                checkpoint='work_dirs/kb_stage1_toy/epoch_40.pth',
            ),
        ),
        text_to_code=dict(
            type='mmkbdm.TextToCode',
            in_dim=64,
            num_codes=128,
            init_cfg=dict(
                type='Pretrained',
                checkpoint='work_dirs/kb_stage2_toy/epoch_40.pth',
            ),
        ),
    ),
)
