"""What the generators cost: parameters, time and memory, side by side.

    python benchmarks/generation.py parameters
    python benchmarks/generation.py run --device cuda --full --train --out DIR
    python benchmarks/generation.py report DIR --page PAGE.md --plot PLOT.png

All methods of ``configs/kb_dmgen`` share one Stable Diffusion and one copy of
its encoder, with random weights: a step takes as long as with trained ones.
``run`` calls each as a user does, with guidance, in turns, and times the steps
from one answer of the UNet to the next, so that everything between is in
them. It prints Markdown and writes ``generation.json``. ``report`` puts the
tables of such files into the marked places of a page.

Needs torch, diffusers, transformers, MMEngine and OpenCV, nothing of MMPose.
"""

import argparse
import json
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

import torch  # noqa: E402

from mmkbdm.apis.errors import PreflightError, command_line  # noqa: E402

CONFIGS = ROOT / 'configs' / 'kb_dmgen'
# Masks cost the same static and dynamic, and a knowledge base without them
# is between ControlNet and KB-DMGen.
SAMPLED = (
    'Stable Diffusion', 'ControlNet', 'Stable-Pose-style', '+ DM', 'KB-DMGen',
    'KB-DMGen, 3x3 FiLM',
)  # fmt: skip
TRAINED = ('ControlNet', 'KB-DMGen')


def parse_args() -> argparse.Namespace:
    """What to do, and at which sizes."""
    parser = argparse.ArgumentParser(description='What the generators cost')
    commands = parser.add_subparsers(dest='command', required=True)
    one = commands.add_parser('parameters', help='count them')
    architectures = dict(choices=('sd15', 'toy'), default='sd15')
    one.add_argument('--architecture', **architectures)
    one = commands.add_parser('run', help='measure time and memory')
    one.add_argument('--architecture', **architectures)
    one.add_argument('--device', choices=('cpu', 'cuda'), default='cpu')
    one.add_argument(
        '--dtype',
        choices=('float16', 'bfloat16', 'float32'),
        help='default: float16 on a GPU, float32 on a CPU',
    )
    one.add_argument('--variants', nargs='+', default=SAMPLED, metavar='NAME')
    one.add_argument('--sizes', nargs='+', type=int, default=[512, 768])
    one.add_argument('--batch-sizes', nargs='+', type=int, default=[1, 8])
    one.add_argument('--steps', type=int, default=8, help='of a call')
    one.add_argument('--rounds', type=int, default=3, help='of calls')
    one.add_argument(
        '--max-seconds',
        type=float,
        default=float('inf'),
        help='fewer rounds, at least 2, for a setting that takes longer',
    )
    one.add_argument(
        '--full',
        action='store_true',
        help='at the first size and batch, make whole images of 50 steps, too',
    )
    one.add_argument(
        '--train', action='store_true', help='training steps, too'
    )
    one.add_argument('--train-size', type=int, default=512)
    one.add_argument('--train-batch-size', type=int, default=8)
    one.add_argument('--out', type=Path, metavar='DIR')
    one = commands.add_parser('report', help='tables and plot of results')
    one.add_argument('folder', type=Path, help='--out of run')
    one.add_argument(
        '--page',
        type=Path,
        help='Markdown with <!-- NAME --> and '
        '<!-- end NAME --> around its tables',
    )
    one.add_argument('--plot', type=Path, metavar='PNG')
    return parser.parse_args()


def parameters(args: argparse.Namespace) -> dict[str, dict[str, int]]:
    """Count the parameters of every method."""
    from mmkbdm.analysis.generation import parameters, variants

    models = variants.build_variants(
        variants.VARIANTS, args.architecture, 'meta', CONFIGS
    )
    return {k: parameters.count_parts(m) for k, m in models.items()}


def run(args: argparse.Namespace) -> dict:
    """Measure; prints tables as they are done."""
    if args.device == 'cuda' and not torch.cuda.is_available():
        raise PreflightError('--device cuda needs a GPU that torch can use')
    from mmkbdm.analysis.generation import tables
    from mmkbdm.analysis.generation.sampling_cost import (
        count_operations,
        measure_sampling,
    )
    from mmkbdm.analysis.generation.variants import build_variants

    on_gpu = args.device == 'cuda'
    dtype = args.dtype or ('float16' if on_gpu else 'float32')
    result = dict(
        setting=dict(
            torch=torch.__version__,
            device=torch.cuda.get_device_name() if on_gpu else 'cpu',
            threads=torch.get_num_threads(),
            architecture=args.architecture,
            dtype=dtype,
            steps=args.steps,
        )
    )
    begin = time.perf_counter()

    def tell(text: str) -> None:
        seconds = time.perf_counter() - begin
        print(f'[{seconds:5.1f} s] {text}', file=sys.stderr, flush=True)

    def save(**more) -> None:
        result.update(more)
        if args.out:
            args.out.mkdir(parents=True, exist_ok=True)
            text = json.dumps(result, indent=2)
            (args.out / 'generation.json').write_text(text + '\n')

    tell('building')
    models = build_variants(
        args.variants, args.architecture, args.device, CONFIGS
    )
    for model in models.values():
        model.to(getattr(torch, dtype))
    sampling = []
    for size in args.sizes:
        for batch_size in args.batch_sizes:
            rows = measure_sampling(
                models,
                size,
                batch_size,
                args.steps,
                args.rounds,
                args.max_seconds,
                full=args.full and not sampling,
                progress=tell,
            )
            sampling += rows
            print(tables.sampling_table(rows), flush=True)
            save(sampling=sampling)
    tell('operations of a step')
    operations = {
        name: count_operations(model, args.sizes[0])
        for name, model in models.items()
    }
    print(tables.operations_table(operations), flush=True)
    save(operations=operations)
    del models, model
    if args.train:
        save(training=train(args, tell))
        print(tables.training_table(result['training']), flush=True)
    tell('done')
    return result


def train(args: argparse.Namespace, tell) -> list[dict]:
    """Measure training steps of ControlNet and KB-DMGen."""
    from mmengine.logging import MMLogger

    from mmkbdm.analysis.generation.training_cost import measure_training
    from mmkbdm.analysis.generation.variants import build_variants

    # It names every frozen parameter.
    MMLogger.get_current_instance().setLevel('ERROR')
    tell('building for training')
    names = [name for name in TRAINED if name in args.variants]
    models = build_variants(names, args.architecture, args.device, CONFIGS)
    rows = []
    for name, model in models.items():
        tell(f'training steps of {name}')
        sizes = args.train_size, args.train_batch_size
        rows.append(
            measure_training(model, name, args.architecture, CONFIGS, *sizes)
        )
    return rows


def report(args: argparse.Namespace) -> None:
    """Print the tables of results, put them into a page, draw them."""
    from mmkbdm.analysis.generation import tables

    path = args.folder / 'generation.json'
    try:
        result = json.loads(path.read_text())
    except OSError as error:
        raise PreflightError(
            f'{path} cannot be read ({error.strerror}): give the --out of run'
        ) from error
    made = dict(
        setting=tables.setting_line(result['setting']),
        goals=tables.goals_table(result['sampling']),
        sampling=tables.sampling_table(result['sampling']),
    )
    # A run that was cut has no more than what it had done.
    if 'operations' in result:
        made['operations'] = tables.operations_table(result['operations'])
    if 'training' in result:
        made['training'] = tables.training_table(result['training'])
    attention = args.folder / 'masked_attention.md'
    if attention.is_file():
        made['attention'] = attention.read_text()
    args.architecture = result['setting']['architecture']
    made['parameters'] = tables.parameters_table(parameters(args))
    for name, text in made.items():
        print(f'{name}\n\n{text}')
    if args.page:
        args.page.write_text(tables.filled(args.page.read_text(), made))
    if args.plot:
        tables.plot(result['sampling'], args.plot)


@command_line
def main() -> None:
    """Do one of the commands."""
    args = parse_args()
    if args.command == 'parameters':
        from mmkbdm.analysis.generation.tables import parameters_table

        print(parameters_table(parameters(args)))
    else:
        {'run': run, 'report': report}[args.command](args)


if __name__ == '__main__':
    main()
