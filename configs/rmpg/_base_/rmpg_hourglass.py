# RMPG on Hourglass.
_base_ = './rmpg.py'

# Keys and values of the 64x64 maps are averaged over 4x4 pixels: attention
# among all pixels would cost 64 GMAC.
rmpg = dict(in_channels=256, kv_pool=4)

# MMPose's Hourglass of one stack has parameters that it never uses.
find_unused_parameters = True
