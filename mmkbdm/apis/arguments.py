"""The flags that the tools share, named as MMPose users know them."""

import argparse
import os
from pathlib import Path

from mmengine.config import Config, DictAction

from mmkbdm.apis.build_from import shortened
from mmkbdm.apis.errors import PreflightError

DEFAULT_JUDGE = 'configs/judges/rtmpose-l_humanart.py'
# What a launcher tells its processes.
LAUNCHED = {'pytorch': 'RANK', 'slurm': 'SLURM_PROCID'}


class CfgOptions(DictAction):
    """MMEngine's DictAction, which says which word is no ``KEY=VALUE``."""

    def __call__(self, parser, namespace, values, option_string=None) -> None:
        """Read the words of the flag."""
        for word in values:
            try:
                key, _ = word.split('=', maxsplit=1)
                super().__call__(parser, argparse.Namespace(), [word])
            # What DictAction raises, for brackets that are not closed.
            except (ValueError, AssertionError):
                key = ''
            if not key:
                raise argparse.ArgumentError(
                    self,
                    f'{word!r} is no KEY=VALUE: join the two by =, lists as '
                    'key="[a,b]" without white space',
                )
        super().__call__(parser, namespace, values, option_string)


def make_parser(description: str) -> argparse.ArgumentParser:
    """Parser with the positional config and the flags of both tools."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument('config', help='config file path')
    parser.add_argument(
        '--work-dir',
        help='folder for logs and results; work_dirs/CONFIG by default',
    )
    parser.add_argument(
        '--cfg-options',
        nargs='+',
        action=CfgOptions,
        metavar='KEY=VALUE',
        help='override settings of the config, for example '
        'train_cfg.max_epochs=1 model.backbone.init_cfg=None; lists as '
        'key="[a,b]" without white space',
    )
    parser.add_argument(
        '--show-dir', help='folder for pictures of the predictions'
    )
    parser.add_argument(
        '--show', action='store_true', help='show the pictures in a window'
    )
    parser.add_argument(
        '--interval', type=int, default=1, help='draw every N-th sample'
    )
    parser.add_argument(
        '--wait-time', type=float, default=1, help='seconds in the window'
    )
    parser.add_argument(
        '--launcher',
        choices=['none', 'pytorch', 'slurm', 'mpi'],
        default='none',
        help='job launcher',
    )
    parser.add_argument('--local_rank', '--local-rank', type=int, default=0)
    return parser


def add_scoring_flags(parser: argparse.ArgumentParser) -> None:
    """Add what the tools that score generated images have in common."""
    add = parser.add_argument
    add(
        '--judge',
        default=DEFAULT_JUDGE,
        metavar='CONFIG',
        help=f'of configs/judges; {DEFAULT_JUDGE} by default',
    )
    add('--judge-weights', metavar='FILE', help="in place of the config's")
    add('--features', metavar='CONFIG', help='of configs/features')
    add('--clip', metavar='NAME_OR_PATH', help='network of the CLIP score')
    add('--protocol', choices=['standard', 'legacy'], default='standard')
    add(
        '--floor',
        metavar='REPORT',
        help='folder of the report of a model without pose; without it, the '
        'same images are held against the poses of other images',
    )


def read_config(path: str) -> Config:
    """Read a config file.

    Raises:
        PreflightError: When it, or a file that it inherits, does not exist,
            or when it is no config.
    """
    if not Path(path).is_file():
        raise PreflightError(
            f'{path} does not exist: give the path of a config file, '
            'for example configs/rmpg/vitpose_b_rmpg_coco.py'
        )
    try:
        return Config.fromfile(path)
    except FileNotFoundError as error:
        raise PreflightError(f'{path}: {error}: look at _base_') from error
    except Exception as error:
        # A config is a program, which fails with whatever it meets.
        raise PreflightError(
            f'{path} is no config file that can be read '
            f'({type(error).__name__}: {shortened(error)}): mend it, or give '
            'another'
        ) from error


def override(cfg: Config, options: dict | None) -> None:
    """Merge what ``--cfg-options`` gave.

    Args:
        cfg (Config): Complete config, changed in place.
        options (dict, optional): Values by dotted key.

    Raises:
        PreflightError: When a key leads into a value that has none.
    """
    if options is None:
        return
    try:
        cfg.merge_from_dict(options)
    except (KeyError, TypeError, ValueError) as error:
        raise PreflightError(
            f'--cfg-options {" ".join(options)} do not fit {cfg.filename} '
            f'({shortened(error)}): give keys that it has'
        ) from error


def load_config(args: argparse.Namespace) -> Config:
    """Read the config and merge what both tools take from the command line.

    Args:
        args (argparse.Namespace): Of :func:`make_parser`.

    Returns:
        Config: Without ``--cfg-options``, which come last and win.

    Raises:
        PreflightError: When the config file does not exist, the launcher has
            launched nothing, or pictures are asked for that cannot be drawn.
    """
    os.environ.setdefault('LOCAL_RANK', str(args.local_rank))
    cfg = read_config(args.config)
    variable = LAUNCHED.get(args.launcher)
    if variable and variable not in os.environ:
        raise PreflightError(
            f'--launcher {args.launcher}: the variable {variable} is not '
            'set, so nothing has launched this process: start it by '
            'tools/dist_train.sh, tools/slurm_train.sh or their like for '
            'tests, or leave the flag out'
        )
    cfg.launcher = args.launcher
    if args.work_dir is not None:
        cfg.work_dir = args.work_dir
    elif cfg.get('work_dir') is None:
        cfg.work_dir = str(Path('work_dirs', Path(args.config).stem))
    if args.show or args.show_dir is not None:
        if args.interval < 1:
            raise PreflightError(
                f'--interval {args.interval} must be 1 or more'
            )
        if not cfg.get('default_hooks', {}).get('visualization'):
            raise PreflightError(
                f'{args.config} has no default_hooks.visualization, which '
                'draws predictions: leave --show and --show-dir out'
            )
        cfg.default_hooks.visualization.update(
            enable=True,
            show=args.show,
            wait_time=args.wait_time,
            interval=args.interval,
        )
        if args.show_dir is not None:
            # MMPose puts a relative folder below itself once per batch.
            cfg.default_hooks.visualization.out_dir = os.path.abspath(
                args.show_dir
            )
    return cfg


def check_images_on_load(cfg: Config, skip_in_training: bool = False) -> None:
    """Let every pipeline name the record whose image does not decode.

    Args:
        cfg (Config): Complete config, changed in place.
        skip_in_training (bool): Whether training goes on without such
            images. Defaults to False.
    """
    for phase in ('train', 'val', 'test'):
        loader = cfg.get(f'{phase}_dataloader')
        if loader is not None:
            skip = skip_in_training and phase == 'train'
            _replace_loading(loader.dataset, 'skip' if skip else 'raise')
    # Hooks may change the pipeline of a training.
    on_error = 'skip' if skip_in_training else 'raise'
    _replace_loading(cfg.get('custom_hooks'), on_error)


def _replace_loading(cfg, on_error: str) -> None:
    if isinstance(cfg, list | tuple):
        for value in cfg:
            _replace_loading(value, on_error)
    elif isinstance(cfg, dict):
        if cfg.get('type') in ('LoadImage', 'mmpose.LoadImage'):
            cfg.update(type='mmkbdm.LoadImage', on_error=on_error)
        elif cfg.get('type') == 'mmkbdm.LoadImage' and on_error == 'skip':
            cfg['on_error'] = on_error
        for value in cfg.values():
            _replace_loading(value, on_error)
