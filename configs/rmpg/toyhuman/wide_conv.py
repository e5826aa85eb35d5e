# As short_conv, on a host whose receptive field covers the person.
_base_ = './short_conv.py'

model = dict(backbone=dict(dilations=(1, 4)))
