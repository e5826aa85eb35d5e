"""One person as a network with a parse graph sees it (ours)."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import torch
from mmengine.config import Config
from mmengine.dataset import Compose, pseudo_collate
from mmpose.apis import init_model
from mmpose.models.pose_estimators.base import BasePoseEstimator
from mmpose.registry import MODELS

from mmkbdm.apis.errors import PreflightError
from mmkbdm.apis.preflight import check_model, model_of
from mmkbdm.compat.checkpoint import read_checkpoint
from mmkbdm.engine.checkpoint_match import AUXILIARY, as_read_by, check_match
from mmkbdm.models.necks import RMPG

from .parse_graph_record import LevelRecord, Place, recorded


@dataclass
class Person:
    """The crop, what the network predicts in it, and what its levels did.

    Attributes:
        crop (np.ndarray): Input of the network, RGB, uint8 (H, W, 3).
        joints (dict[str, np.ndarray]): Predicted x, y in pixels of the crop.
        bones (list[tuple[str, str]]): Joints that a line connects.
        levels (dict[Place, LevelRecord]): One a level of the parse graphs.
    """

    crop: np.ndarray
    joints: dict[str, np.ndarray]
    bones: list[tuple[str, str]]
    levels: dict[Place, LevelRecord]

    def stage_name(self, place: Place) -> str:
        """Which feature map and stage a place is of, if there are several."""
        several = [len({p[i] for p in self.levels}) > 1 for i in (0, 1)]
        names = [f'feature map {place.graph}', f'stage {place.stage}']
        shown = [name for name, needed in zip(names, several) if needed]
        return f' ({", ".join(shown)})' if shown else ''


def load_network(
    cfg: Config, checkpoint: str, device: str = 'cpu'
) -> tuple[BasePoseEstimator, bool]:
    """Build the model of a config with the weights of a checkpoint.

    Args:
        cfg (Config): Complete config of a model with an RMPG neck.
        checkpoint (str): Path of its checkpoint.
        device (str): Where the model goes. Defaults to 'cpu'.

    Returns:
        tuple[BasePoseEstimator, bool]: The model, and whether the checkpoint
        has predictors for supervised nodes.

    Raises:
        PreflightError: When the config has no model or no RMPG neck.
        CheckpointError: When the file cannot be read.
        CheckpointMismatchError: When it is of another model.
    """
    content = read_checkpoint(checkpoint)
    check_model(model_of(cfg))
    neck = cfg.model.get('neck') or {}
    neck_class = MODELS.get(neck['type']) if neck else None
    if neck_class is None or not issubclass(neck_class, RMPG):
        raise PreflightError(
            f'{cfg.filename} has no RMPG neck (model.neck is '
            f'{neck.get("type")}): give a config with mmkbdm.RMPG or '
            'mmkbdm.HierarchicalRMPG'
        )
    try:
        pipeline = cfg.test_dataloader.dataset.pipeline
    except AttributeError as error:
        raise PreflightError(
            f'{cfg.filename} has no test_dataloader.dataset.pipeline: the '
            'crop of the person is made by it'
        ) from error
    model = init_model(cfg, device=device)
    model.test_pipeline = Compose(pipeline)
    state_dict = as_read_by(model, content.get('state_dict', content))
    check_match(
        model.state_dict(),
        state_dict,
        may_lack=(AUXILIARY,),
        may_differ=() if hasattr(model, 'auxiliary') else (AUXILIARY,),
    )
    model.load_state_dict(state_dict, strict=False)
    meta = content.get('meta') or {}
    if isinstance(meta.get('dataset_meta'), Mapping):
        model.dataset_meta = meta['dataset_meta']
    supervised = any(AUXILIARY in name for name in state_dict)
    return model, supervised


@torch.no_grad()
def look_at(model: BasePoseEstimator, img_path: str, bbox) -> Person:
    """Let a network look at one person of an image.

    Args:
        model (BasePoseEstimator): Of :func:`load_network`.
        img_path (str): The image.
        bbox (Sequence[float]): Box of the person: x, y, width, height in
            pixels of the image.

    Returns:
        Person: All that the pages show.
    """
    x, y, width, height = bbox
    box = np.array([[x, y, x + width, y + height]], np.float32)
    item = model.test_pipeline(
        dict(
            img_path=img_path,
            bbox=box,
            bbox_score=np.ones(1, np.float32),
            **model.dataset_meta,
        )
    )
    batch = pseudo_collate([item])
    sample = model.test_step(batch)[0]
    inputs = model.data_preprocessor(batch, False)['inputs']
    with recorded(model.neck) as levels:
        model.extract_feat(inputs)

    meta = model.dataset_meta
    names = meta['keypoint_id2name']
    found = sample.pred_instances
    size, scale = (
        np.asarray(sample.metainfo[key])
        for key in ('input_size', 'input_scale')
    )
    corner = sample.metainfo['input_center'] - 0.5 * scale
    points = (found.keypoints[0] - corner) / scale * size
    return Person(
        crop=item['inputs'].permute(1, 2, 0).numpy()[..., ::-1],
        joints={name: points[k] for k, name in names.items()},
        bones=[
            (names[a], names[b])
            for a, b in model.dataset_meta['skeleton_links']
        ],
        levels=dict(sorted(levels.items())),
    )
