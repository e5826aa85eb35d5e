"""A pose network as a plain function of the image (ours)."""

import torch
from mmengine.config import Config
from mmengine.model import revert_sync_batchnorm
from mmengine.registry import init_default_scope
from torch import Tensor, nn

from mmkbdm.apis.errors import PreflightError
from mmkbdm.apis.preflight import check_model


class RawNetwork(nn.Module):
    """Backbone, neck and head without preprocessor, decoding and flip test.

    Args:
        estimator (nn.Module): A top-down estimator of MMPose.
    """

    def __init__(self, estimator: nn.Module) -> None:
        super().__init__()
        self.estimator = estimator

    def forward(self, image: Tensor) -> Tensor | tuple[Tensor, ...]:
        """Map normalised images to what the head answers.

        Args:
            image (Tensor): Normalised images (B, 3, H, W).

        Returns:
            Tensor | tuple[Tensor]: Heatmaps (B, K, h, w), or the two vectors
            (B, K, bins) of SimCC; those of the last stage where there are
            several.
        """
        feats = self.estimator.extract_feat(image)
        out = self.estimator.head.forward(feats)
        while isinstance(out, list):
            out = out[-1]
        return out


def build_network(cfg: Config, name: str) -> RawNetwork:
    """Build the network of a config in evaluation mode, without any download.

    Args:
        cfg (Config): Complete config.
        name (str): Its path, for the messages.

    Raises:
        PreflightError: When it cannot be built, or is no top-down network
            with a head.
    """
    init_default_scope(cfg.get('default_scope', 'mmpose'))
    if not isinstance(cfg.get('model'), dict):
        raise PreflightError(
            f'{name} has no model: give a config of a network'
        )
    from mmpose.registry import MODELS

    try:
        check_model(cfg.model)
        # Weights named by an init_cfg are read by init_weights() only, which
        # nobody calls here.
        estimator = MODELS.build(cfg.model)
    except PreflightError as error:
        raise PreflightError(f'{name}: {error}') from error
    except Exception as error:  # a config can fail in any way
        raise PreflightError(
            f'{name} does not build: {_reason(error)}: mend that part of its '
            'model, or override it with --cfg-options'
        ) from error
    if not hasattr(estimator, 'extract_feat') or not hasattr(
        estimator, 'head'
    ):
        raise PreflightError(
            f'{name}: {type(estimator).__name__} has no extract_feat or no '
            'head: give a config of a top-down network'
        )
    # As MMEngine's Runner does in a single process.
    return RawNetwork(revert_sync_batchnorm(estimator)).eval()


def random_images(
    cfg: Config, name: str, batch_size: int = 1, device: str = 'cpu'
) -> Tensor:
    """Normal noise of the input size of a config.

    Args:
        cfg (Config): Complete config.
        name (str): Its path, for the message.
        batch_size (int): Images B. Defaults to 1.
        device (str): Where they lie. Defaults to 'cpu'.

    Returns:
        Tensor: float32 (B, 3, H, W).

    Raises:
        PreflightError: When no codec of the config tells the input size.
    """
    width, height = input_size(cfg, name)
    return torch.randn(batch_size, 3, height, width, device=device)


def input_size(cfg: Config, name: str) -> tuple[int, int]:
    """Width and height of the input in pixels, as the codec has them.

    Raises:
        PreflightError: When no codec of the config tells it.
    """
    head = cfg.model.get('head') or {}
    for codec in (head.get('decoder'), cfg.get('codec')):
        if isinstance(codec, dict) and 'input_size' in codec:
            return tuple(codec['input_size'])
    raise PreflightError(
        f'{name} tells no input size: give model.head.decoder (or codec) an '
        'input_size=(width, height)'
    )


def check_runs(network: nn.Module, image: Tensor, name: str) -> None:
    """Run a network once.

    Raises:
        PreflightError: When it fails, naming the shape of the input.
    """
    try:
        with torch.no_grad():
            network(image)
    except Exception as error:  # whatever a wrong setting leads to
        raise PreflightError(
            f'{name} does not run on an image of shape '
            f'{tuple(image.shape)}: {_reason(error)}: mend that part of its '
            'model, or override it with --cfg-options'
        ) from error


def check_device(device: str) -> None:
    """Look whether torch has a device, and make a GPU the current one.

    torch's synchronisation and memory counters ask the current GPU.

    Raises:
        PreflightError: When it has not.
    """
    try:
        found = torch.zeros(1, device=device).device
    except (RuntimeError, AssertionError) as error:
        raise PreflightError(
            f'--device {device}: {_reason(error)}: choose cpu, or cuda where '
            'torch sees a GPU'
        ) from error
    if found.type == 'cuda':
        torch.cuda.set_device(found)


def _reason(error: Exception) -> str:
    """First line of an error; MMEngine's begin with the class at fault."""
    lines = str(error.args[0] if error.args else '').strip().splitlines()
    return lines[0].rstrip('.:') if lines else type(error).__name__
