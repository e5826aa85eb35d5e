"""The arguments that decide every byte of a ToyHuman folder.

Source: ours.
"""

from dataclasses import asdict, dataclass

from .errors import ToyHumanError
from .image import check_image_arguments
from .placement import MAX_PEOPLE

# raise it whenever any rendered byte or annotation changes
GENERATOR_VERSION = '1'
SPLITS = ('train', 'val')
MAX_IMAGES = 1_000_000


@dataclass(frozen=True)
class Settings:
    """What to generate.

    Args:
        num_train (int): Images of the train split.
        num_val (int): Images of the val split.
        size (int): Width and height in pixels, at least 32.
        max_people (int): Largest number of people in an image, 1 to 4.
        seed (int): Not negative; another seed gives other images.

    Raises:
        ToyHumanError: If an argument is out of range.
    """

    num_train: int = 3000
    num_val: int = 500
    size: int = 128
    max_people: int = MAX_PEOPLE
    seed: int = 0

    def __post_init__(self):
        for split in SPLITS:
            count = self.count(split)
            if not 0 <= count < MAX_IMAGES:
                raise ToyHumanError(
                    f'num_{split} {count} is out of range; use 0 to '
                    f'{MAX_IMAGES - 1}'
                )
        if self.seed < 0:
            raise ToyHumanError(f'seed {self.seed} is negative; use 0 or more')
        check_image_arguments(self.size, self.max_people)

    def count(self, split):
        """Return the number of images of a split."""
        return self.num_train if split == 'train' else self.num_val

    def record(self):
        """Return the arguments and the generator version for JSON."""
        return {'generator_version': GENERATOR_VERSION, **asdict(self)}


def check_record(found, settings, folder):
    """Refuse to continue a folder that was made with other arguments.

    Args:
        found (dict): Record of the folder (see :meth:`Settings.record`).
        settings (Settings): What was asked for now.
        folder (Path): Named in the message.

    Raises:
        ToyHumanError: Names the first argument that differs, both values
            and the fix.
    """
    for key, value in settings.record().items():
        if found.get(key) != value:
            raise ToyHumanError(
                f'{folder} was made with {key}={found.get(key)}, not '
                f'{key}={value}; choose another folder, delete this one or '
                f'ask for the same {key}'
            )
