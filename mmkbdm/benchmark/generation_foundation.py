"""The commands that make the toy foundation, and what they leave (ours)."""

import sys
from pathlib import Path

from .workers import Task

PACK = 'tools/model_converters/pack_toy_foundation.py'
FOUNDATION = 'configs/kb_dmgen/foundation'
# Command, its last output, and the commands that have to be done before.
COMMANDS = {
    'toy_vae': (
        ['tools/train.py', f'{FOUNDATION}/toy_vae.py', '--resume'],
        'weights/toy_base/vae/config.json',
        ('data',),
    ),
    'toy_clip': (
        ['tools/train.py', f'{FOUNDATION}/toy_clip.py', '--resume'],
        'weights/toy_clip/config.json',
        ('data',),
    ),
    'toy_judge': (
        [
            'tools/train.py',
            'configs/judges/toy_generation_judge.py',
            '--resume',
        ],
        'weights/toy_judge.safetensors',
        ('data',),
    ),
    # The base is trained on what is kept of both.
    'pack_vae_clip': (
        [PACK, 'vae', 'clip'],
        'weights/toy_base/text_encoder/config.json',
        ('toy_vae', 'toy_clip'),
    ),
    'toy_base': (
        ['tools/train.py', f'{FOUNDATION}/toy_base.py', '--resume'],
        'weights/toy_base/unet/config.json',
        ('pack_vae_clip',),
    ),
    'pack_base': (
        [PACK, 'base'],
        'weights/toy_base/unet/config.json',
        ('toy_base',),
    ),
    'pack_judge': (
        [PACK, 'judge'],
        'weights/toy_judge.safetensors',
        ('toy_judge',),
    ),
}
NAMES = tuple(COMMANDS)


def foundation_tasks(logs: Path, retrain: bool) -> list[Task]:
    """Return the tasks of the foundation whose output is not there.

    Args:
        logs (Path): Folder of their logs.
        retrain (bool): All of them, whatever is there.
    """
    return [
        Task(
            name,
            str(logs / f'{name}.log'),
            needs=needs,
            settings=dict(
                action='command', command=[sys.executable, *command]
            ),
        )
        for name, (command, output, needs) in COMMANDS.items()
        if retrain or not Path(output).exists()
    ]
