# As short_default, on a host whose receptive field covers the person.
_base_ = './short_default.py'

model = dict(backbone=dict(dilations=(1, 4)))
