# Control of KB-DMGen on ToyHuman: the text feature in place of a code.
_base_ = './kbdmgen_toy.py'

model = dict(
    knowledge_base=dict(
        source=dict(
            _delete_=True, type='mmkbdm.RawText', in_dim=64, code_dim=32
        ),
    ),
)
