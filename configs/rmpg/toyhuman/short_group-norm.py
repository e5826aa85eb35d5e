# RMPG whose nodes are normalised over the whole map.
_base_ = './short_default.py'

model = dict(neck=dict(norm='group'))
