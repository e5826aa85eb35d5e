"""Image loading that says which record cannot be read (ours)."""

import logging

import torch
from mmengine.logging import print_log
from mmpose.datasets.transforms import LoadImage as MMPoseLoadImage

from mmkbdm.registry import TRANSFORMS


class UnreadableImageError(ValueError):
    """An image file exists but does not decode."""


@TRANSFORMS.register_module()
class LoadImage(MMPoseLoadImage):
    """MMPose's LoadImage with an answer to unreadable files.

    Args:
        on_error (str): ``raise`` stops with the file and the record;
            ``skip`` logs and counts it and lets the dataset draw another
            sample, in training only. Defaults to ``raise``.
        **kwargs: Arguments of
            :class:`mmpose.datasets.transforms.LoadImage`.

    Raises:
        UnreadableImageError: Names the file and the annotation.
        ValueError: On another ``on_error``.
    """

    def __init__(self, on_error: str = 'raise', **kwargs) -> None:
        super().__init__(**kwargs)
        if on_error not in ('raise', 'skip'):
            raise ValueError(
                f"on_error={on_error!r} must be 'raise' or 'skip'"
            )
        self.on_error = on_error
        # Shared, so that the processes of a data loader count together.
        self.num_skipped = torch.zeros((), dtype=torch.int64).share_memory_()

    def transform(self, results: dict) -> dict | None:
        """Load ``results['img_path']``; None means: draw another sample."""
        try:
            return super().transform(results)
        except FileNotFoundError:
            raise
        except Exception as error:
            record = results.get('id', results.get('img_id'))
            message = (
                f'image {results["img_path"]} of annotation {record} cannot '
                f'be decoded ({type(error).__name__})'
            )
            if self.on_error == 'raise':
                raise UnreadableImageError(
                    f'{message}: replace the file, or train with '
                    '--skip-corrupt-images'
                ) from error
            self.num_skipped += 1
            print_log(
                f'{message}: skipped, {int(self.num_skipped)} so far',
                logger='current',
                level=logging.WARNING,
            )
            return None
