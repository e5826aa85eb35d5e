# As short_lite, on a host whose receptive field covers the person.
_base_ = './short_lite.py'

model = dict(backbone=dict(dilations=(1, 4)))
