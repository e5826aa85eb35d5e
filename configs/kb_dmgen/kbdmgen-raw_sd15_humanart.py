# Control of KB-DMGen on Human-Art: the text feature in place of a code.
_base_ = './kbdmgen_sd15_humanart.py'

model = dict(
    knowledge_base=dict(
        source=dict(
            _delete_=True, type='mmkbdm.RawText', in_dim=768, code_dim=256
        ),
    ),
)
