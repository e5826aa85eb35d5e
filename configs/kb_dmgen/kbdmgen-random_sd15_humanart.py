# Control of KB-DMGen on Human-Art: a random code.
_base_ = './kbdmgen_sd15_humanart.py'

model = dict(
    knowledge_base=dict(
        source=dict(
            _delete_=True,
            type='mmkbdm.RandomCode',
            codebook={{_base_.knowledge_base.source.codebook}},
        ),
    ),
)
