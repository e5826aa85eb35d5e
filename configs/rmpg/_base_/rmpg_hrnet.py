# RMPG on HRNet, whose finest map is refined.
_base_ = './rmpg.py'

# 64x48 and 64x64 maps: attention among all pixels would cost more than HRNet.
rmpg = dict(kv_pool=4)
