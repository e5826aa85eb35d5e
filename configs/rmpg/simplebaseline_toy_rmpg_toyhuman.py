# A small SimpleBaselines + RMPG on ToyHuman, trained in minutes on a CPU.
_base_ = './simplebaseline_toy_toyhuman.py'

model = dict(neck=dict(type='mmkbdm.RMPG', in_channels=64))
