# As short_none, on a host whose receptive field covers the person.
_base_ = './short_none.py'

model = dict(backbone=dict(dilations=(1, 4)))
