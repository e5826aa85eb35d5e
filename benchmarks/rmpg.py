"""Speed and memory of the parse graph: python benchmarks/rmpg.py

One batched operation per level against two other ways to compute the same:
the plain recursion over nodes that defines it (the reference of the tests),
and the batched levels with their score matrices in memory (``naive``). Needs
torch and this repository, nothing of OpenMMLab.

The three take turns, so that a change of the machine's speed meets all of
them, and the ratios are medians over the turns. With ``--formulations`` the
batched levels are compared with themselves instead, their node convolutions
computed in each other way that ``mmkbdm/models/layers/node_conv.py`` knows.
On a CPU with one thread the clock is the processor time of the process, which
other processes disturb less; with more threads it is the wall clock, on a GPU
CUDA events.

Peak memory is what the pass adds to map and parameters. On a CPU it counts
the tensors that operators answer, as long as they live; the work space
within an operator is not seen. On a GPU the allocator reports it.

Operations are those of the dispatcher that compute or copy, views are not
counted. On a GPU each is a launch or a few, which at batch size 1 is where
the time goes.

Every map gets its first preset before one gets its second, and all is written
row by row: a run that is cut still has something to say of every map.
"""

import argparse
import importlib.util
import json
import statistics
import sys
import time
import weakref
from collections.abc import Callable
from contextlib import contextmanager
from pathlib import Path

import torch
from torch.nn.attention import SDPBackend, sdpa_kernel
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves

ROOT = Path(__file__).resolve().parents[1]
REFERENCE = ROOT / 'tests' / 'models' / 'layers' / 'recursive_parse_graph.py'
PRESETS = {
    'lite': dict(combine='add', out_proj=True),
    'default': dict(),
    'paper-size': dict(kernel_size=3, position='none', combine='add'),
}
MAPS = ('64x12x8', '256x64x64', '768x16x12', '256x8x6', '256x64x48')
# From so many positions on, keys and values are pooled, as in the configs.
POOLED_POSITIONS = 2048
# Formulations of a convolution, by kernel.
OTHERS = {
    1: ('grouped', 'grouped_last', 'nodes', 'product'),
    3: ('grouped', 'grouped_last', 'nodes'),
}
# A CPU takes minutes beyond this; --batch-sizes asks for more.
CPU_POSITIONS = 4096


def parse_args() -> argparse.Namespace:
    """Shapes, and how often to measure."""
    parser = argparse.ArgumentParser(
        description='Batched levels of the parse graph against the recursion'
        ' and against materialised score matrices'
    )
    parser.add_argument(
        '--maps', nargs='+', type=map_size, default=MAPS, metavar='CxHxW'
    )
    parser.add_argument(
        '--presets', nargs='+', choices=PRESETS, default=list(PRESETS)
    )
    parser.add_argument(
        '--batch-sizes',
        nargs='+',
        type=positive,
        help='default: 1 8 64 on a GPU; on a CPU those of 1 8 with at most '
        f'{CPU_POSITIONS} positions',
    )
    parser.add_argument('--device', choices=('cpu', 'cuda'), default='cpu')
    parser.add_argument(
        '--repeats', type=positive, default=15, help='turns of each variant'
    )
    parser.add_argument(
        '--formulations',
        action='store_true',
        help='ways to compute node convolutions, instead of the recursion',
    )
    parser.add_argument(
        '--max-seconds',
        type=float,
        default=20,
        help='fewer turns, at least 3, for a pass that would take longer',
    )
    parser.add_argument(
        '--out',
        type=Path,
        help='JSON file with all figures; the table is written beside it',
    )
    return parser.parse_args()


def positive(text: str) -> int:
    """Read a positive whole number."""
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f'{text!r} must be a positive number')
    return int(text)


def map_size(text: str) -> str:
    """Check a map such as 768x16x12."""
    sizes = text.split('x')
    if len(sizes) != 3 or not all(s.isdecimal() and int(s) for s in sizes):
        raise argparse.ArgumentTypeError(
            f'{text!r} must be channels x height x width, such as 768x16x12'
        )
    if int(sizes[0]) % 8:
        raise argparse.ArgumentTypeError(
            f'{text!r} has {sizes[0]} channels, which the groups (2, 2, 2) '
            'cannot split: take a multiple of 8'
        )
    return text


def batch_sizes(size: str, device: str) -> list[int]:
    """Batch sizes of a map where the user names none."""
    if device == 'cuda':
        return [1, 8, 64]
    _, height, width = map(int, size.split('x'))
    return [1] if 8 * height * width > CPU_POSITIONS else [1, 8]


def load_layers():
    """Import the layers and the recursion; both need torch only."""
    sys.path.insert(0, str(ROOT))
    spec = importlib.util.spec_from_file_location('recursion', REFERENCE)
    recursion = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(recursion)
    from mmkbdm.models.layers import ParseGraph

    return ParseGraph, recursion.refine


def in_turns(maps: list[str], presets: list[str]) -> list[tuple[str, str]]:
    """Pair maps and presets, every map once before one comes again."""
    return [
        (size, presets[(turn + place) % len(presets)])
        for turn in range(len(presets))
        for place, size in enumerate(maps)
    ]


class Operations(TorchDispatchMode):
    """Counts the operators that compute or copy."""

    count = 0

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        """Run the operator and look for memory that it has written."""
        out = func(*args, **(kwargs or {}))
        given = {s.data_ptr() for s in map(_storage, tree_leaves(args)) if s}
        made = [s.data_ptr() for s in map(_storage, tree_leaves(out)) if s]
        written = func._schema.is_mutable or set(made) - given
        if written and 'empty' not in func.name():
            self.count += 1
        return out


class PeakMemory(TorchDispatchMode):
    """Counts the bytes of tensors that operators answer, while they live."""

    def __init__(self) -> None:
        super().__init__()
        self.live = self.peak = 0
        self.known: set[int] = set()

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        """Run the operator and note its new storages."""
        out = func(*args, **(kwargs or {}))
        given = {s.data_ptr() for s in map(_storage, tree_leaves(args)) if s}
        for leaf in tree_leaves(out):
            storage = _storage(leaf)
            if not storage or storage.data_ptr() in self.known | given:
                continue
            address, size = storage.data_ptr(), storage.nbytes()
            self.known.add(address)
            self.live += size
            self.peak = max(self.peak, self.live)
            weakref.finalize(storage, self._free, address, size)
        return out

    def _free(self, address: int, size: int) -> None:
        self.known.discard(address)
        self.live -= size


def _storage(leaf):
    return leaf.untyped_storage() if isinstance(leaf, torch.Tensor) else None


def build_passes(
    size: str,
    preset: str,
    batch_size: int,
    device: str,
    formulations: bool = False,
) -> dict[str, dict[str, Callable[[], None]]]:
    """Make the variants of a shape, by pass and name."""
    parse_graph, refine = load_layers()
    channels, height, width = map(int, size.split('x'))
    kv_pool = 4 if height * width >= POOLED_POSITIONS else 1
    torch.manual_seed(0)
    graph = parse_graph(
        channels, kv_pool=kv_pool, gate_init=1.0, **PRESETS[preset]
    ).to(device)
    image = torch.randn(batch_size, channels, height, width, device=device)
    upstream = torch.randn_like(image)
    leaf = image.clone().requires_grad_()

    def naive(x):
        with sdpa_kernel(SDPBackend.MATH):
            return graph(x)

    def forward(variant):
        with torch.no_grad():
            variant(image)

    def backward(variant):
        leaves = [leaf, *graph.parameters()]
        torch.autograd.grad(variant(leaf), leaves, upstream)

    if formulations:
        variants = {'batched': graph, **other_ways(graph, image)}
    else:
        variants = {
            'batched': graph,
            'recursion': lambda x: refine(graph, x),
            'naive': naive,
        }
    return {
        name: {
            key: (lambda run=run, variant=variant: run(variant))
            for key, variant in variants.items()
        }
        for name, run in (
            ('forward', forward),
            ('forward + backward', backward),
        )
    }


class Asked(dict):
    """Remembers what was looked up."""

    def __init__(self, *args) -> None:
        super().__init__(*args)
        self.places: set[tuple] = set()

    def get(self, place, default=None):
        """Look a place up."""
        self.places.add(place)
        return super().get(place, default)


def other_ways(graph, image: torch.Tensor) -> dict[str, Callable]:
    """Make the graph with every other formulation of its convolutions."""
    from mmkbdm.models.layers import node_conv

    asked = Asked(node_conv.FASTEST)
    with replaced(node_conv, 'FASTEST', asked), torch.no_grad():
        graph(image)
    ways = {}
    for place in sorted(asked.places):
        _, kernel, innermost = place
        for name in OTHERS[kernel]:
            if name == node_conv.FASTEST.get(place, 'grouped'):
                continue
            table = {**node_conv.FASTEST, place: name}

            def way(x, table=table):
                with replaced(node_conv, 'FASTEST', table):
                    return graph(x)

            layout = 'last' if innermost else 'first'
            ways[f'{kernel}x{kernel} {layout} {name}'] = way
    return ways


@contextmanager
def replaced(module, name: str, value):
    """Let a module have another value for a while."""
    before = getattr(module, name)
    setattr(module, name, value)
    try:
        yield
    finally:
        setattr(module, name, before)


def seconds_of(run: Callable[[], None], device: str) -> float:
    """Time one call, everything on the GPU included."""
    if device == 'cuda':
        events = [torch.cuda.Event(enable_timing=True) for _ in range(2)]
        torch.cuda.synchronize()
        events[0].record()
        run()
        events[1].record()
        torch.cuda.synchronize()
        return events[0].elapsed_time(events[1]) / 1e3
    one_thread = torch.get_num_threads() == 1
    clock = time.process_time if one_thread else time.perf_counter
    start = clock()
    run()
    return clock() - start


def peak_bytes(run: Callable[[], None], device: str) -> int:
    """Bytes that one call needs at once, beside map and parameters."""
    if device == 'cuda':
        torch.cuda.synchronize()
        torch.cuda.reset_peak_memory_stats()
        before = torch.cuda.memory_allocated()
        run()
        torch.cuda.synchronize()
        return torch.cuda.max_memory_allocated() - before
    with PeakMemory() as memory:
        run()
    return memory.peak


def operations_of(run: Callable[[], None]) -> int:
    """Operators of one call that compute or copy."""
    with Operations() as operations:
        run()
    return operations.count


def measure(passes: dict, device: str, repeats: int, limit: float) -> dict:
    """Let the variants take turns; seconds, ratios, operations, bytes."""
    for run in [*passes.values()] * 2:
        run()
    warm = sum(seconds_of(run, device) for run in passes.values())
    repeats = max(3, min(repeats, int(limit / warm)))
    turns = [
        {name: seconds_of(run, device) for name, run in passes.items()}
        for _ in range(repeats)
    ]
    result = dict(
        repeats=repeats,
        seconds={
            name: statistics.median(turn[name] for turn in turns)
            for name in passes
        },
        ratios={},
        operations={n: operations_of(run) for n, run in passes.items()},
        peak_bytes={n: peak_bytes(run, device) for n, run in passes.items()},
    )
    for name in passes:
        if name != 'batched':
            ratios = [turn[name] / turn['batched'] for turn in turns]
            result['ratios'][name] = statistics.quantiles(
                ratios, n=4, method='inclusive'
            )
    return result


def table_head(formulations: bool) -> str:
    """Format the head of the Markdown table."""
    names = ['map', 'preset', 'batch', 'pass', 'batched, ms']
    if formulations:
        names += ['another formulation / batched']
    else:
        names += ['recursion / batched', 'naive / batched']
        names += ['operations batched', 'recursion', 'naive']
        names += ['peak MiB batched', 'recursion', 'naive']
    return f'| {" | ".join(names)} |\n{"|---" * len(names)}|'


def table_row(row: dict, formulations: bool = False) -> str:
    """Format one row of the Markdown table."""
    ratios = [
        f'{middle:.2f} [{low:.2f}, {high:.2f}]'
        for low, middle, high in row['ratios'].values()
    ]
    if formulations:
        named = [f'{n} {r}' for n, r in zip(row['ratios'], ratios)]
        ratios = ['; '.join(named)]
    cells = [
        row['map'],
        row['preset'],
        row['batch_size'],
        row['pass'],
        f'{1e3 * row["seconds"]["batched"]:.2f}',
        *ratios,
    ]
    if not formulations:
        cells += row['operations'].values()
        peaks = row['peak_bytes'].values()
        cells += [f'{size / 2**20:.1f}' for size in peaks]
    return f'| {" | ".join(map(str, cells))} |'


def main() -> None:
    """Print one Markdown table, row by row."""
    args = parse_args()
    if args.device == 'cuda' and not torch.cuda.is_available():
        sys.exit('error: --device cuda needs a GPU that torch can use')
    if args.out and not args.out.parent.is_dir():
        sys.exit(f'error: --out {args.out}: its folder does not exist')
    setting = dict(
        torch=torch.__version__,
        device=args.device,
        threads=torch.get_num_threads(),
        name=torch.cuda.get_device_name() if args.device == 'cuda' else None,
        convolutions_in_tf32=args.device == 'cuda'
        and torch.backends.cudnn.allow_tf32,
    )
    told = [f'{k} {v}' for k, v in setting.items() if v]
    lines = [f'{", ".join(told)}, float32', '', table_head(args.formulations)]
    print('\n'.join(lines))
    rows = []
    for size, preset in in_turns(args.maps, args.presets):
        for batch_size in args.batch_sizes or batch_sizes(size, args.device):
            passes = build_passes(
                size, preset, batch_size, args.device, args.formulations
            )
            for name, variants in passes.items():
                row = {
                    'map': size,
                    'preset': preset,
                    'batch_size': batch_size,
                    'pass': name,
                    **measure(
                        variants, args.device, args.repeats, args.max_seconds
                    ),
                }
                rows.append(row)
                lines.append(table_row(row, args.formulations))
                print(lines[-1], flush=True)
            if args.out:  # what is done is kept
                figures = dict(**setting, rows=rows)
                args.out.write_text(json.dumps(figures, indent=2) + '\n')
                table = '\n'.join(lines)
                args.out.with_suffix('.md').write_text(f'{table}\n')


if __name__ == '__main__':
    main()
