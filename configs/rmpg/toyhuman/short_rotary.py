# RMPG with rotary positions.
_base_ = './short_default.py'

model = dict(neck=dict(position='rotary'))
