# As short_no-context, on a host whose receptive field covers the person.
_base_ = './short_no-context.py'

model = dict(backbone=dict(dilations=(1, 4)))
