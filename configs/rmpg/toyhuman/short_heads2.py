# RMPG with two heads a child.
_base_ = './short_default.py'

model = dict(neck=dict(num_heads=2))
