# RMPG with the context relation among channels.
_base_ = './short_default.py'

model = dict(neck=dict(context='channel'))
