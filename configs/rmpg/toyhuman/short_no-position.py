# RMPG without a position encoding.
_base_ = './short_default.py'

model = dict(neck=dict(position='none'))
