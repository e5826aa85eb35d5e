# As short_no-context_supervised, on a host whose receptive field covers the
# person.
_base_ = './short_no-context_supervised.py'

model = dict(backbone=dict(dilations=(1, 4)))
