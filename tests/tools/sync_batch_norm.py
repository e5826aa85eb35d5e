"""Synchronised batch normalisation on CPU, for the test of DDP.

torch.nn.SyncBatchNorm refuses CPU tensors; the mathematics are its own.
"""

import torch
import torch.distributed as dist
import torch.distributed.nn.functional as dist_nn
from torch import nn


class CPUSyncBatchNorm(nn.BatchNorm2d):
    def forward(self, x):
        if not self.training:
            return super().forward(x)
        moments = torch.stack([x.mean((0, 2, 3)), x.square().mean((0, 2, 3))])
        if dist.is_initialized():
            moments = dist_nn.all_reduce(moments) / dist.get_world_size()
        mean, square = (m.view(1, -1, 1, 1) for m in moments)
        normed = (x - mean) * torch.rsqrt(square - mean**2 + self.eps)
        weight, bias = (p.view(1, -1, 1, 1) for p in (self.weight, self.bias))
        return normed * weight + bias


def convert(model):
    """Exchange every BatchNorm2d of a model, parameters kept."""
    for module in model.modules():
        if type(module) is nn.BatchNorm2d:
            module.__class__ = CPUSyncBatchNorm
    return model
