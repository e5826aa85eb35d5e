"""Image loading that says which record cannot be read (ours)."""

import logging

import torch
from mmcv.transforms import LoadImageFromFile
from mmengine.logging import print_log
from mmpose.datasets.transforms import LoadImage as MMPoseLoadImage

from mmkbdm.registry import TRANSFORMS
from mmkbdm.utils.errors import UnreadableImageError


@TRANSFORMS.register_module()
class LoadImage(MMPoseLoadImage):
    """MMPose's LoadImage with an answer to unreadable files.

    Args:
        on_error (str): What to do with a file that does not decode:
            ``raise`` stops with the file and the record; ``skip`` logs and
            counts it and lets the dataset draw another sample, in training
            only. A file that is missing or may not be read always stops.
            Defaults to ``raise``.
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
        if 'img' in results:
            return super().transform(results)
        try:
            # MMPose's own transform rebuilds every exception from one
            # string, which loses errno and fails for some classes.
            return LoadImageFromFile.transform(self, results)
        except Exception as error:
            record = results.get('id', results.get('img_id'))
            image = f'image {results["img_path"]} of annotation {record}'
            if isinstance(error, OSError) and error.errno is not None:
                raise UnreadableImageError(
                    f'{image} cannot be read ({error.strerror}): put the '
                    'file there, with permission to read it'
                ) from error
            message = f'{image} cannot be decoded ({type(error).__name__})'
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
