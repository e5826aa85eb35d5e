"""Pose-masked attention with and without its mask in memory.

    python benchmarks/masked_attention.py --device cuda --out DIR

The masks of KB-DMGen's attention suppress pairs of background tokens, which
has rank one: one more channel of queries and keys (``rank one``, what the
model runs) in place of a bias of N x N (``explicit``). Both are compared with
attention that is not masked at all (``unmasked``). Sampling computes the
channels of all steps before the first one, so the pass ``forward`` is given
them; a bias of N x N of every step would have no room. The pass ``forward +
backward`` computes both.

Tokens are the 2x2 patches of the latents of square images, 8 heads of 40
channels, each image and head with masks of its own. Differences are those to
the explicit bias in float64, in two heads of one image.

Needs torch and this repository, nothing else. Prints Markdown, and with
``--out`` writes it and all figures as JSON. The variants take turns; times
are medians, ratios those of the same turn. Peak memory is what a call adds to
queries, keys, values and masks.
"""

import argparse
import itertools
import json
import statistics
import sys
from collections.abc import Callable
from pathlib import Path

import torch
import torch.nn.functional as F
from torch import Tensor

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from mmkbdm.analysis.peak_memory import peak_bytes  # noqa: E402
from mmkbdm.analysis.timing import pairwise_ratio, take_turns  # noqa: E402
from mmkbdm.models.layers import attend, mask_channels  # noqa: E402

HEADS, CHANNELS = 8, 40
# Pixels of an image that a token is wide: 8 of a latent, two of those.
TOKEN = 16
STRENGTH = 5.0
DTYPES = dict(
    float32=torch.float32, float16=torch.float16, bfloat16=torch.bfloat16
)
PASSES = ('forward', 'forward + backward')


def parse_args() -> argparse.Namespace:
    """Shapes, and how often to measure."""
    parser = argparse.ArgumentParser(
        description='Pose-masked attention: rank one, explicit, unmasked'
    )
    parser.add_argument(
        '--sizes',
        nargs='+',
        type=image_size,
        default=[512, 768, 1024],
        help='sides of the images in pixels',
    )
    parser.add_argument('--batch-sizes', nargs='+', type=int, default=[1, 8])
    parser.add_argument('--device', choices=('cpu', 'cuda'), default='cpu')
    parser.add_argument(
        '--dtypes',
        nargs='+',
        choices=DTYPES,
        help='default: all on a GPU, float32 on a CPU',
    )
    parser.add_argument('--repeats', type=int, default=15, help='turns')
    parser.add_argument(
        '--max-seconds',
        type=float,
        default=4,
        help='fewer turns, at least 3, for a row that would take longer',
    )
    parser.add_argument(
        '--out',
        type=Path,
        metavar='DIR',
        help='write masked_attention.json and .md there',
    )
    return parser.parse_args()


def image_size(text: str) -> int:
    """Read the side of an image."""
    if not text.isdecimal() or int(text) % TOKEN or not int(text):
        raise argparse.ArgumentTypeError(
            f'{text!r} must be a positive multiple of {TOKEN}'
        )
    return int(text)


def rank_one(qkv: Tensor, background: Tensor, strength: Tensor) -> Tensor:
    """Masked attention as the model computes it."""
    return attend(qkv, mask_channels(background, strength, CHANNELS))


def explicit(qkv: Tensor, background: Tensor, strength: Tensor) -> Tensor:
    """The same, its bias in memory."""
    row = strength[..., None, None] * background[..., :, None]
    bias = -(row * background[..., None, :]).to(qkv.dtype)
    return F.scaled_dot_product_attention(*qkv, attn_mask=bias)


def unmasked(qkv: Tensor, background: Tensor, strength: Tensor) -> Tensor:
    """Attention of all tokens to all."""
    return F.scaled_dot_product_attention(*qkv)


VARIANTS = {'rank one': rank_one, 'explicit': explicit, 'unmasked': unmasked}


def make_inputs(
    size: int, batch_size: int, device: str, dtype: torch.dtype
) -> list[Tensor]:
    """Queries, keys, values of unit variance; background and strength.

    As a linear layer lays them out, and as masks are computed: in float32.
    """
    torch.manual_seed(0)
    tokens = (size // TOKEN) ** 2
    shape = batch_size, tokens, 3, HEADS, CHANNELS
    qkv = torch.randn(shape, device=device, dtype=dtype)
    background = torch.rand(batch_size, HEADS, tokens, device=device)
    strength = torch.full((batch_size, HEADS), STRENGTH, device=device)
    return [qkv.permute(2, 0, 3, 1, 4), background, strength]


def make_calls(
    inputs: list[Tensor], name: str
) -> dict[str, Callable[[], object]]:
    """One call of each variant, by name."""
    if name == 'forward':
        channels = mask_channels(*inputs[1:], CHANNELS).to(inputs[0].dtype)
        return {
            'rank one': lambda: attend(inputs[0], channels),
            'explicit': lambda: explicit(*inputs),
            'unmasked': lambda: unmasked(*inputs),
        }
    leaves = [x.detach().requires_grad_() for x in inputs]
    upstream = torch.randn_like(inputs[0][0])

    def train(variant) -> None:
        taken = leaves[:1] if variant is unmasked else leaves
        torch.autograd.grad(variant(*leaves), taken, upstream)

    return {
        key: lambda variant=variant: train(variant)
        for key, variant in VARIANTS.items()
    }


@torch.no_grad()
def differences(inputs: list[Tensor]) -> dict[str, float]:
    """Largest difference to the explicit bias in float64."""
    qkv, *masks = inputs
    first = [qkv[:, :1, :2], *(x[:1, :2] for x in masks)]
    reference = explicit(*[x.double() for x in first])
    return {
        name: (VARIANTS[name](*first) - reference).abs().max().item()
        for name in ('rank one', 'explicit')
    }


def measure(inputs: list[Tensor], name: str, args) -> dict:
    """Times, ratios and memory of one row."""
    calls = make_calls(inputs, name)
    synchronize = lambda: None  # noqa: E731
    if args.device == 'cuda':
        synchronize = torch.cuda.synchronize
    with torch.set_grad_enabled(name != 'forward'):
        seconds = take_turns(
            calls, args.repeats, args.max_seconds, synchronize
        )
        memory = {
            key: peak_bytes(call, args.device, inputs)
            for key, call in calls.items()
        }
    return dict(
        seconds={k: statistics.median(v) for k, v in seconds.items()},
        ratios={
            key: vars(pairwise_ratio(seconds['rank one'], seconds[key]))
            for key in ('explicit', 'unmasked')
        },
        turns=len(seconds['rank one']),
        peak_bytes=memory,
    )


def run(args: argparse.Namespace) -> dict:
    """Measure every row; prints the table as it grows."""
    named = args.dtypes or ['float32']
    if args.device == 'cuda' and not args.dtypes:
        named = list(DTYPES)
    on_gpu = args.device == 'cuda'
    setting = dict(
        torch=torch.__version__,
        device=torch.cuda.get_device_name() if on_gpu else 'cpu',
        threads=torch.get_num_threads(),
    )
    table = Table(HEADER)
    rows = []
    for dtype, size, batch_size in itertools.product(
        named, args.sizes, args.batch_sizes
    ):
        inputs = make_inputs(size, batch_size, args.device, DTYPES[dtype])
        difference = differences(inputs)
        for name in PASSES:
            row = dict(
                {'dtype': dtype, 'size': size, 'pass': name},
                tokens=inputs[1].shape[2],
                batch_size=batch_size,
                difference=difference,
                **measure(inputs, name, args),
            )
            rows.append(row)
            table.add(cells(row))
        del inputs
    return dict(setting=setting, rows=rows, table=table.text)


class Table:
    """A Markdown table that is printed line by line."""

    def __init__(self, header: list[str]) -> None:
        self.text = ''
        self.add(header)
        self.add(['---'] * len(header))

    def add(self, cells: list) -> None:
        """Print one line."""
        line = f'| {" | ".join(map(str, cells))} |'
        print(line, flush=True)
        self.text += f'{line}\n'


HEADER = [
    'dtype', 'image', 'tokens', 'batch', 'pass', 'rank one, ms',
    'explicit, ms', 'unmasked, ms', 'to explicit', 'to unmasked',
    'rank one, MiB', 'explicit, MiB', 'unmasked, MiB', 'difference',
]  # fmt: skip


def cells(row: dict) -> list:
    """Format one row."""
    return [
        row['dtype'],
        row['size'],
        row['tokens'],
        row['batch_size'],
        row['pass'],
        *(f'{1e3 * row["seconds"][name]:.2f}' for name in VARIANTS),
        *(
            f'{one["median"]:.2f} [{one["lower"]:.2f}, {one["upper"]:.2f}]'
            for one in row['ratios'].values()
        ),
        *(f'{row["peak_bytes"][name] / 2**20:.1f}' for name in VARIANTS),
        f'{row["difference"]["rank one"]:.1e}',
    ]


def main() -> None:
    """Measure, print and write."""
    args = parse_args()
    if args.device == 'cuda' and not torch.cuda.is_available():
        sys.exit('error: --device cuda needs a GPU that torch can use')
    if args.out:
        args.out.mkdir(parents=True, exist_ok=True)
    result = run(args)
    if args.out:
        path = args.out / 'masked_attention.md'
        path.write_text(result.pop('table'))
        text = json.dumps(result, indent=2)
        (args.out / 'masked_attention.json').write_text(text + '\n')


if __name__ == '__main__':
    main()
