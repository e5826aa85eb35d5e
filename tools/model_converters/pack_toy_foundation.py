"""Keep what the toy foundation learned: weights/ from work_dirs/.

Example:
    python tools/model_converters/pack_toy_foundation.py vae clip
    python tools/model_converters/pack_toy_foundation.py base judge

The base is trained between the packed VAE and text encoder, so those two come
first. What was packed, of which training, is written to toy_foundation.json.
"""

import argparse
import json
from pathlib import Path

from mmkbdm.apis.errors import PreflightError, command_line

RECORD = 'toy_foundation.json'
# Part -> config of its training; the work folder has the config's name.
CONFIGS = dict(
    vae='configs/kb_dmgen/foundation/toy_vae.py',
    clip='configs/kb_dmgen/foundation/toy_clip.py',
    base='configs/kb_dmgen/foundation/toy_base.py',
    judge='configs/judges/toy_generation_judge.py',
)


def parse_args() -> argparse.Namespace:
    """Parts and folders."""
    parser = argparse.ArgumentParser(
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        'parts', nargs='+', choices=list(CONFIGS), help='what to pack'
    )
    parser.add_argument(
        '--work-dirs', default='work_dirs', help='where they were trained'
    )
    parser.add_argument('--out', default='weights', help='where they go')
    return parser.parse_args()


@command_line
def main() -> None:
    """Pack in the order of need, and record each part."""
    args = parse_args()
    out = Path(args.out)
    order = [part for part in CONFIGS if part in args.parts]
    folders = {
        part: Path(args.work_dirs, Path(CONFIGS[part]).stem) for part in order
    }
    checkpoints = {
        part: last_checkpoint(folder, CONFIGS[part])
        for part, folder in folders.items()
    }
    if 'base' in order:
        check_before_base(out, order)
    from mmkbdm.models.foundation.pack import PACK

    for part in order:
        written = PACK[part](checkpoints[part], out)
        record(out / RECORD, part, checkpoints[part], written)
        print(f'{part}: {", ".join(map(str, written))}')


def last_checkpoint(folder: Path, config: str) -> Path:
    """Return the newest checkpoint of a training."""
    marker = folder / 'last_checkpoint'
    if not marker.is_file():
        raise PreflightError(
            f'{folder} has no checkpoint: train by python tools/train.py '
            f'{config}, or give --work-dirs'
        )
    # The folder may have been moved since.
    return folder / Path(marker.read_text().strip()).name


def check_before_base(out: Path, order: list[str]) -> None:
    """Make sure that what completes the pipeline is there, or comes."""
    needs = dict(vae='toy_base/vae', clip='toy_base/text_encoder')
    for part, folder in needs.items():
        if part not in order and not (out / folder).is_dir():
            raise PreflightError(
                f'{out / folder} does not exist: pack {part} first'
            )


def record(
    path: Path, part: str, checkpoint: Path, written: list[Path]
) -> None:
    """Write down where the weights of a part are from."""
    from mmengine.config import Config
    from mmengine.utils import get_git_hash

    from mmkbdm.apis.output import write_file
    from mmkbdm.compat import read_checkpoint
    from mmkbdm.evaluation.weights import sha256

    content = read_checkpoint(checkpoint)
    meta, weights = content['meta'], content['state_dict']
    files = [
        file
        for one in written
        for file in sorted([one, *one.glob('*')])
        if file.suffix == '.safetensors'
    ]
    known = json.loads(path.read_text()) if path.is_file() else {}
    known[part] = dict(
        command=f'python tools/train.py {CONFIGS[part]}',
        seed=meta['seed'],
        iterations=meta['iter'],
        # A training may have ended before.
        planned=Config.fromstring(meta['cfg'], '.py').train_cfg.to_dict(),
        numbers=sum(value.numel() for value in weights.values()),
        metrics=last_scores(checkpoint.parent),
        commit=get_git_hash(digits=12) or 'unknown',
        sha256={
            str(file.relative_to(path.parent)): sha256(file) for file in files
        },
    )
    write_file((json.dumps(known, indent=2) + '\n').encode(), path)


def last_scores(folder: Path) -> dict:
    """Return the scores of the last validation that the log knows."""
    logs = sorted(folder.glob('*/vis_data/scalars.json'))
    lines = [line for log in logs for line in log.read_text().splitlines()]
    for line in reversed(lines):
        scores = json.loads(line)
        if 'lr' not in scores and 'loss' not in scores:
            dropped = ('data_time', 'time', 'step')
            return {k: v for k, v in scores.items() if k not in dropped}
    return {}


if __name__ == '__main__':
    main()
