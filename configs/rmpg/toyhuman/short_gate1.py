# RMPG with gates that start at one.
_base_ = './short_default.py'

model = dict(neck=dict(gate_init=1.0))
