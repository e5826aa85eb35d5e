"""Latency of networks by batch size, dtype and compilation (ours)."""

import contextlib
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import torch
from torch import Tensor, nn

from mmkbdm.analysis.timing import take_turns
from mmkbdm.apis.errors import PreflightError

# By autocast, except fp32.
DTYPES = {
    'fp32': torch.float32,
    'bf16': torch.bfloat16,
    'fp16': torch.float16,
}


@dataclass(frozen=True)
class Mode:
    """How networks are run while they are timed.

    Args:
        batch_size (int): Images at a time.
        dtype (str): A key of :data:`DTYPES`.
        compiled (bool): Whether by ``torch.compile``.
    """

    batch_size: int
    dtype: str
    compiled: bool

    def __str__(self) -> str:
        compiled = ', compiled' if self.compiled else ''
        return f'batch {self.batch_size}, {self.dtype}{compiled}'


def check_modes(modes: list[Mode], device: str) -> None:
    """Look whether a device can run every mode.

    Raises:
        PreflightError: Names the first that it cannot.
    """
    cpu = torch.device(device).type == 'cpu'
    for mode in modes:
        if mode.batch_size < 1:
            raise PreflightError(
                f'--batch-sizes {mode.batch_size} must be 1 or more'
            )
        if cpu and mode.dtype == 'fp16':
            raise PreflightError(
                '--dtype fp16 is for CUDA: choose bf16 on a CPU'
            )
        if cpu and mode.compiled and shutil.which('g++') is None:
            raise PreflightError(
                '--compile needs the compiler g++ on a CPU: install it, or '
                'choose --compile off'
            )


def measure(
    networks: dict[str, nn.Module],
    image: Tensor,
    mode: Mode,
    repeats: int,
    max_seconds: float,
    progress: Callable[[int], object],
) -> dict[str, list[float]]:
    """Time networks in turns in one mode.

    Args:
        networks (dict[str, nn.Module]): In evaluation mode, by name.
        image (Tensor): One image (1, 3, H, W) on their device.
        mode (Mode): How to run them.
        repeats, max_seconds, progress: See
            :func:`~mmkbdm.analysis.timing.take_turns`.

    Returns:
        dict[str, list[float]]: Seconds of a batch by name.

    Raises:
        PreflightError: When the batch does not fit into memory, or a network
            does not compile.
    """
    batch = image.expand(mode.batch_size, -1, -1, -1).contiguous()
    if mode.compiled:
        torch._dynamo.reset()  # what other modes compiled is of no use
        networks = {
            name: torch.compile(network, dynamic=False)
            for name, network in networks.items()
        }
    if mode.dtype == 'fp32':
        context = contextlib.nullcontext
    else:
        context = partial(
            torch.autocast, image.device.type, DTYPES[mode.dtype]
        )

    def run(network: nn.Module) -> None:
        # Entered anew each time: autocast keeps the weights that it has cast
        # until it is left, and no prediction finds them there.
        with torch.no_grad(), context():
            network(batch)

    cuda = image.device.type == 'cuda'
    try:
        return take_turns(
            {name: partial(run, net) for name, net in networks.items()},
            repeats,
            max_seconds,
            torch.cuda.synchronize if cuda else lambda: None,
            progress,
        )
    except torch._dynamo.exc.TorchDynamoException as error:
        raise PreflightError(
            f'torch.compile fails ({str(error).splitlines()[0]}): choose '
            '--compile off'
        ) from error
    except RuntimeError as error:
        if 'memory' not in str(error):
            raise
        raise PreflightError(
            f'{mode} does not fit into the memory of {image.device}: choose '
            'smaller --batch-sizes'
        ) from error
