"""Cost of RMPG in its hosts: python tools/analysis/get_cost.py CONFIG ...

Each host without a neck and with the presets of RMPG: parameters,
multiply-accumulates (attention included), activation memory, latency and
throughput. The variants of a host share its modules and take turns, so that a
change of the machine's speed meets all of them; a ratio is the median over
the rounds of the ratio to the host within the round.

Example:
    python tools/analysis/get_cost.py configs/rmpg/vitpose_b_rmpg_coco.py \
        --batch-sizes 1 8 --dtype fp32 bf16 --compile both --out cost.json \
        --plot cost.png
"""

import argparse
import itertools
from pathlib import Path

from mmkbdm.apis.arguments import CfgOptions, override, read_config
from mmkbdm.apis.errors import PreflightError, command_line
from mmkbdm.apis.output import check_writable

VARIANTS = ('base', 'lite', 'default', 'paper-size')


def parse_args() -> argparse.Namespace:
    """Configs, what to compare, how to measure and where to write."""
    parser = argparse.ArgumentParser(
        description=__doc__.partition('\n\n')[2],
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument('configs', nargs='+', help='configs with an RMPG neck')
    parser.add_argument(
        '--variants',
        nargs='+',
        choices=VARIANTS,
        default=list(VARIANTS),
        help='presets to compare with the host, which is always measured; '
        'all by default',
    )
    parser.add_argument(
        '--batch-sizes',
        nargs='+',
        type=int,
        default=[1, 8, 64],
        help='images at a time; 1 8 64 by default',
    )
    parser.add_argument(
        '--dtype',
        nargs='+',
        choices=('fp32', 'bf16', 'fp16'),
        default=['fp32'],
        help='bf16 and fp16 by autocast, fp16 on CUDA only; fp32 by default',
    )
    parser.add_argument(
        '--compile',
        choices=('off', 'on', 'both'),
        default='off',
        help='whether by torch.compile; off by default',
    )
    parser.add_argument('--device', default='cpu', help='cpu or cuda')
    parser.add_argument(
        '--repeats', type=int, default=15, help='rounds that count; 15'
    )
    parser.add_argument(
        '--max-seconds',
        type=float,
        default=120,
        help='no further round of a mode begins after so many seconds, once '
        'there are three; 120',
    )
    parser.add_argument('--out', help='JSON file for all measurements')
    parser.add_argument('--plot', help='PNG file, latency against MACs')
    parser.add_argument(
        '--cfg-options',
        nargs='+',
        action=CfgOptions,
        metavar='KEY=VALUE',
        help='override settings of every config',
    )
    return parser.parse_args()


@command_line
def main() -> None:
    """Measure host by host; what is done is in the JSON file."""
    args = parse_args()
    check_args(args)
    from tqdm import tqdm

    from mmkbdm.analysis.cost_report import (
        environment,
        plot,
        to_markdown,
        write_json,
    )
    from mmkbdm.analysis.latency import Mode, check_modes
    from mmkbdm.analysis.network import check_device
    from mmkbdm.analysis.timing import WARM_UP

    compiled = {'off': [False], 'on': [True], 'both': [False, True]}
    modes = [
        Mode(*mode)
        for mode in itertools.product(
            args.batch_sizes, args.dtype, compiled[args.compile]
        )
    ]
    check_device(args.device)
    check_modes(modes, args.device)
    report = dict(environment=environment(args.device), hosts=[])
    rounds = len(args.configs) * len(modes) * (args.repeats + WARM_UP)
    with tqdm(total=rounds, unit='round') as progress:
        for config in args.configs:
            report['hosts'].append(measure_host(config, args, modes, progress))
            if args.out:
                write_json(report, args.out)
    print(to_markdown(report))
    if args.plot:
        plot(report, args.plot)


def check_args(args: argparse.Namespace) -> None:
    """Look at what argparse does not.

    Raises:
        PreflightError: Names the flag.
    """
    if args.repeats < 1:
        raise PreflightError(f'--repeats {args.repeats} must be 1 or more')
    for flag, suffix in (('out', '.json'), ('plot', '.png')):
        path = getattr(args, flag)
        if path and Path(path).suffix != suffix:
            raise PreflightError(f'--{flag} {path} must end in {suffix}')
        if path:
            check_writable(Path(path).parent, f'--{flag}')
            Path(path).parent.mkdir(parents=True, exist_ok=True)


def measure_host(config: str, args, modes: list, progress) -> dict:
    """Build the variants of a config, count and time them.

    Args:
        config (str): Path of the config.
        args (argparse.Namespace): Of :func:`parse_args`.
        modes (list[Mode]): In which they are timed.
        progress (tqdm): Told every round.

    Returns:
        dict: An entry of ``hosts`` in the report.
    """
    from mmkbdm.analysis import cost
    from mmkbdm.analysis.cost_report import latency_rows
    from mmkbdm.analysis.latency import measure
    from mmkbdm.analysis.network import check_runs, input_size, random_images
    from mmkbdm.analysis.variants import build_variants, load_presets

    cfg = read_config(config)
    override(cfg, args.cfg_options)
    presets = {
        name: preset
        for name, preset in load_presets().items()
        if name in args.variants
    }
    networks = build_variants(cfg, config, presets)
    image = random_images(cfg, config, device=args.device)
    rows = []
    for name, network in networks.items():
        progress.set_description(f'{Path(config).stem}, {name}')
        network.to(args.device)
        check_runs(network, image, f'{config} ({name})')
        row = dict(
            variant=name,
            params=cost.count_params(network),
            macs=cost.count_macs(network, image),
            forward_bytes=cost.forward_bytes(network, image),
            # Two, because a batch norm does not train on a single pixel.
            saved_bytes=cost.saved_bytes(network, image.repeat(2, 1, 1, 1))
            // 2,
        )
        if image.is_cuda:
            row['cuda_bytes'] = cost.cuda_bytes(network, image)
        rows.append(row)
    latency = []
    for mode in modes:
        progress.set_description(f'{Path(config).stem}, {mode}')
        seconds = measure(
            networks,
            image,
            mode,
            args.repeats,
            args.max_seconds,
            progress.update,
        )
        latency += latency_rows(mode, seconds)
    return dict(
        config=config,
        input_size=list(input_size(cfg, config)),
        networks=rows,
        latency=latency,
    )


if __name__ == '__main__':
    main()
