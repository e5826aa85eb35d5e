# RMPG on SimpleBaselines.
_base_ = './rmpg.py'

# The trunk gives 2048 channels: the parse graph works on 256 of them.
rmpg = dict(in_channels=2048, mid_channels=256)
