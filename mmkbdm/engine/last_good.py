"""The newest checkpoint that can be trusted (ours)."""

from pathlib import Path

from mmkbdm.compat.checkpoint import CheckpointError, read_checkpoint


def last_good_checkpoint(work_dir: str | Path) -> Path | None:
    """Find the newest checkpoint of a training with finite weights only.

    Args:
        work_dir (str | Path): Where ``epoch_*.pth`` and ``iter_*.pth`` are.
            Folders, which DeepSpeed writes, are not looked into.

    Returns:
        Path | None: None if there is none.
    """
    folder = Path(work_dir)
    saved = [*folder.glob('epoch_*.pth'), *folder.glob('iter_*.pth')]
    saved.sort(key=lambda path: path.stat().st_mtime, reverse=True)
    return next((path for path in saved if _is_good(path)), None)


def _is_good(path: Path) -> bool:
    if path.is_dir():
        return True
    try:
        checkpoint = read_checkpoint(path)
    except CheckpointError:
        return False
    return all(
        value.isfinite().all()
        for part in ('state_dict', 'ema_state_dict')
        for value in checkpoint.get(part, {}).values()
    )
