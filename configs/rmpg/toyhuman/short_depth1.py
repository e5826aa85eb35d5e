# RMPG with a tree of one level.
_base_ = './short_default.py'

model = dict(neck=dict(groups=(2,)))
