# As short_hierarchical, on a host whose receptive field covers the person.
_base_ = './short_hierarchical.py'

model = dict(backbone=dict(dilations=(1, 4)))
