# Control: RMPG without the context relation, Z = V.
_base_ = './short_default.py'

model = dict(neck=dict(context='none'))
