# RMPG with a tree of two levels.
_base_ = './short_default.py'

model = dict(neck=dict(groups=(2, 2)))
