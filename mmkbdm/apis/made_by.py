"""Which command of the project makes a file (ours)."""

from pathlib import Path

TOY_DATA = (
    'python tools/dataset/make_toy_human.py {folder} --size 64 --max-people 2 '
    '--num-train 20000 --num-val 600 --seed 2'
)
TOY_WEIGHTS = (
    'python tools/benchmark/generation_toy.py run --stages data foundation'
)
FOUNDATION = ('weights/toy_base', 'weights/toy_clip', 'weights/toy_judge')
# Folders of configs that are not for tools/train.py.
UNTRAINED = ('evaluation', 'features')


def made_by(path: str) -> str | None:
    """Return the command that makes a file or folder of a training.

    Args:
        path (str): Such as ``work_dirs/kb_stage1_toy/epoch_40.pth``, which
            the config ``kb_stage1_toy.py`` makes, or ``weights/toy_base``.

    Returns:
        str | None: None for files that come from elsewhere.
    """
    parts = Path(path).parts
    if path.startswith(FOUNDATION):
        return TOY_WEIGHTS
    if len(parts) < 3 or 'work_dirs' not in parts[:-2]:
        return None
    for config in sorted(Path('configs').rglob(f'{parts[-2]}.py')):
        if config.parent.name not in UNTRAINED:
            return f'python tools/train.py {config}'
    return None
