"""Parameters, arithmetic and activation memory of a network (ours)."""

import weakref
from collections.abc import Iterator

import torch
from torch import Tensor, nn
from torch.autograd.graph import saved_tensors_hooks
from torch.nn.attention import SDPBackend, sdpa_kernel
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_map_only
from torch.utils.flop_counter import FlopCounterMode
from torch.utils.weak import WeakIdKeyDictionary


def count_params(network: nn.Module) -> int:
    """Parameters of a network, each once."""
    return sum(p.numel() for p in network.parameters())


def count_macs(network: nn.Module, image: Tensor) -> int:
    """Multiply-accumulates of matrix products and convolutions.

    Those of attention are included; additions, norms and activations are
    not counted.

    Args:
        network (nn.Module): Takes an image.
        image (Tensor): Images (B, 3, H, W); the answer is that of all B.
    """
    counter = FlopCounterMode(display=False)
    # The counter does not know every fused kernel, it knows their plain form.
    with torch.no_grad(), sdpa_kernel(SDPBackend.MATH), counter:
        network(image)
    return counter.get_total_flops() // 2


def forward_bytes(network: nn.Module, image: Tensor) -> int:
    """Peak of the tensors that live at once during inference, in bytes.

    Every storage that an operation hands out counts from then until it is
    freed; parameters, buffers and the image do not count, nor does what a
    kernel allocates and frees within itself. The same on every device.

    Args:
        network (nn.Module): Takes an image.
        image (Tensor): Images (B, 3, H, W).
    """
    with torch.no_grad(), LiveBytes(_given(network, image)) as counter:
        network(image)
    return counter.peak


def saved_bytes(network: nn.Module, image: Tensor) -> int:
    """Bytes that a training forward keeps for the backward.

    Each storage that autograd saves counts once; parameters, buffers and the
    image do not count. Running statistics of the network move.

    Args:
        network (nn.Module): Takes an image; left in evaluation mode.
        image (Tensor): Images (B, 3, H, W); B > 1 where a batch norm sees
            maps of one pixel.
    """
    given = {storage.data_ptr() for storage in _given(network, image)}
    # Holding them keeps an address from being used twice.
    saved = {}

    def pack(tensor: Tensor) -> Tensor:
        storage = tensor.untyped_storage()
        if storage.data_ptr() not in given:
            saved[storage.data_ptr()] = storage
        return tensor

    network.train()
    try:
        with saved_tensors_hooks(pack, lambda tensor: tensor):
            network(image)
    finally:
        network.eval()
    return sum(storage.nbytes() for storage in saved.values())


def cuda_bytes(network: nn.Module, image: Tensor) -> int:
    """Peak of torch's allocator above its start during inference on CUDA.

    Unlike :func:`forward_bytes` it includes the workspace of kernels.
    """
    torch.cuda.synchronize()
    start = torch.cuda.memory_allocated()
    torch.cuda.reset_peak_memory_stats()
    with torch.no_grad():
        network(image)
    torch.cuda.synchronize()
    return torch.cuda.max_memory_allocated() - start


def _given(network: nn.Module, image: Tensor) -> Iterator:
    for tensor in (*network.parameters(), *network.buffers(), image):
        yield tensor.untyped_storage()


class LiveBytes(TorchDispatchMode):
    """Counts the storages that operations hand out, until they are freed."""

    def __init__(self, given: Iterator) -> None:
        super().__init__()
        self.live = 0
        self.peak = 0
        self._known = WeakIdKeyDictionary()
        for storage in given:
            self._known[storage] = None

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        out = func(*args, **(kwargs or {}))
        tree_map_only(Tensor, self._note, out)
        return out

    def _note(self, tensor: Tensor) -> None:
        storage = tensor.untyped_storage()
        if storage not in self._known:
            self._known[storage] = None
            self.live += storage.nbytes()
            self.peak = max(self.peak, self.live)
            weakref.finalize(storage, self._freed, storage.nbytes())

    def _freed(self, nbytes: int) -> None:
        self.live -= nbytes
