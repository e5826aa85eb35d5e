# RMPG without norm.
_base_ = './short_default.py'

model = dict(neck=dict(norm='none'))
