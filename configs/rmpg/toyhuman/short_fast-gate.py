# RMPG whose gates learn ten times faster than the rest.
_base_ = './short_default.py'

optim_wrapper = dict(
    paramwise_cfg=dict(custom_keys=dict(gamma=dict(lr_mult=10.0)))
)
