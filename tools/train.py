"""Train a network: python tools/train.py CONFIG [flags]."""

import argparse

from mmkbdm.apis.arguments import (
    check_images_on_load,
    load_config,
    make_parser,
    override,
)
from mmkbdm.apis.errors import PreflightError, command_line
from mmkbdm.apis.output import check_writable


def parse_args() -> argparse.Namespace:
    """Flags of MMPose's own tool, and one more for unreadable images."""
    parser = make_parser('Train a network')
    parser.add_argument(
        '--resume',
        nargs='?',
        const='auto',
        help='go on from this checkpoint, or from the last one in the work '
        'folder when no path is given',
    )
    parser.add_argument(
        '--amp', action='store_true', help='automatic mixed precision'
    )
    parser.add_argument(
        '--no-validate',
        action='store_true',
        help='do not evaluate during training',
    )
    parser.add_argument(
        '--auto-scale-lr',
        action='store_true',
        help='scale the learning rate by the batch size over all devices',
    )
    parser.add_argument(
        '--skip-corrupt-images',
        action='store_true',
        help='log and count images that do not decode instead of stopping',
    )
    return parser.parse_args()


@command_line
def main() -> None:
    """Check what the config needs, then hand it to MMEngine's Runner."""
    args = parse_args()
    import mmengine.runner  # noqa: F401  registers runners
    import torch
    from mmengine.registry import RUNNERS

    from mmkbdm.apis.distributed import prepare_cpu_processes
    from mmkbdm.apis.leave import leave_processes
    from mmkbdm.apis.preflight import preflight

    cfg = load_config(args)
    if args.amp:
        if not torch.cuda.is_available():
            raise PreflightError(
                '--amp needs a GPU, MMEngine has no mixed precision for '
                'the CPU: leave it out'
            )
        cfg.optim_wrapper.type = 'AmpOptimWrapper'
        cfg.optim_wrapper.setdefault('loss_scale', 'dynamic')
    if args.resume is not None:
        cfg.resume = True
        cfg.load_from = None if args.resume == 'auto' else args.resume
    if args.auto_scale_lr:
        if not cfg.get('auto_scale_lr'):
            raise PreflightError(
                f'--auto-scale-lr: {args.config} has no auto_scale_lr=dict('
                'base_batch_size=...), the images over all devices that its '
                'learning rate is for: leave the flag out, or add that'
            )
        cfg.auto_scale_lr.enable = True
    override(cfg, args.cfg_options)
    check_writable(cfg.work_dir, '--work-dir')
    if args.no_validate:
        cfg.val_cfg = cfg.val_dataloader = cfg.val_evaluator = None
    check_images_on_load(cfg, args.skip_corrupt_images)
    preflight(cfg, phases=('train', 'val'))
    prepare_cpu_processes(cfg)
    # Of the config's runner_type: DeepSpeed needs MMEngine's FlexibleRunner.
    runner = RUNNERS.build(cfg)
    runner.train()
    leave_processes()


if __name__ == '__main__':
    main()
