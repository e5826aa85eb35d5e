# RMPG with four children a node.
_base_ = './short_default.py'

model = dict(neck=dict(groups=(4, 4)))
