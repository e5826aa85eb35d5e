"""Evaluate a pose network: python tools/test.py CONFIG CHECKPOINT [flags]."""

import argparse
from pathlib import Path

from mmkbdm.apis.arguments import (
    check_images_on_load,
    load_config,
    make_parser,
    override,
)
from mmkbdm.apis.errors import PreflightError, command_line
from mmkbdm.apis.output import check_writable


def parse_args() -> argparse.Namespace:
    """Flags of MMPose's own tool."""
    parser = make_parser('Evaluate a pose network')
    parser.add_argument('checkpoint', help='checkpoint file')
    parser.add_argument('--out', help='JSON or YAML file for the metrics')
    parser.add_argument('--dump', help='pickle file for all predictions')
    return parser.parse_args()


@command_line
def main() -> None:
    """Check what the config needs, then let MMEngine's Runner test."""
    args = parse_args()
    import mmengine
    from mmengine.dist import is_main_process
    from mmengine.runner import Runner

    from mmkbdm.apis.distributed import prepare_cpu_processes
    from mmkbdm.apis.leave import leave_processes
    from mmkbdm.apis.preflight import preflight

    cfg = load_config(args)
    cfg.load_from = args.checkpoint
    override(cfg, args.cfg_options)
    check_writable(cfg.work_dir, '--work-dir')
    if args.dump is not None:
        if not args.dump.endswith(('.pkl', '.pickle')):
            raise PreflightError(
                f'--dump {args.dump} must end in .pkl or .pickle'
            )
        evaluator = cfg.test_evaluator
        if not isinstance(evaluator, list):
            evaluator = [evaluator]
        dump = dict(type='DumpResults', out_file_path=args.dump)
        cfg.test_evaluator = [*evaluator, dump]
    if args.out and Path(args.out).suffix not in ('.json', '.yml', '.yaml'):
        raise PreflightError(f'--out {args.out} must end in .json or .yml')
    check_images_on_load(cfg)
    preflight(cfg, phases=('test',))
    prepare_cpu_processes(cfg)
    runner = Runner.from_cfg(cfg)
    metrics = runner.test()
    if args.out and is_main_process():
        Path(args.out).parent.mkdir(parents=True, exist_ok=True)
        mmengine.dump(
            {k: float(v) for k, v in metrics.items()}, args.out, indent=2
        )
    leave_processes()


if __name__ == '__main__':
    main()
