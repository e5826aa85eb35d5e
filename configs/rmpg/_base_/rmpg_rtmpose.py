# RMPG on RTMPose.
_base_ = './rmpg.py'

# A parse graph on all 512 or 768 channels would have more parameters than
# the network.
rmpg = dict(mid_channels=256)

# Decay would pull the gates back to the identity. The key is not 'gamma':
# the attention unit of RTMPose's head has a parameter of that name.
rmpg_optim = dict(
    paramwise_cfg=dict(custom_keys={'gate.gamma': dict(decay_mult=0.0)})
)
