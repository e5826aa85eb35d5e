# RMPG on RTMPose.
_base_ = './rmpg.py'

# Decay would pull the gates back to the identity. The key is not 'gamma':
# the attention unit of RTMPose's head has a parameter of that name.
rmpg_optim = dict(
    paramwise_cfg=dict(custom_keys={'gate.gamma': dict(decay_mult=0.0)})
)
