# The knowledge base of both stages on Human-Art.
knowledge_base = dict(
    type='mmkbdm.KnowledgeBase',
    source=dict(
        type='mmkbdm.PredictedCode',
        codebook=dict(
            type='mmkbdm.FeatureCodebook',
            in_dim=768,
            num_codes=512,
            code_dim=256,
            init_cfg=dict(
                type='Pretrained',
                checkpoint='work_dirs/kb_stage1_sd15_humanart/epoch_40.pth',
            ),
        ),
        text_to_code=dict(
            type='mmkbdm.TextToCode',
            in_dim=768,
            num_codes=512,
            init_cfg=dict(
                type='Pretrained',
                checkpoint='work_dirs/kb_stage2_sd15_humanart/epoch_40.pth',
            ),
        ),
    ),
)
