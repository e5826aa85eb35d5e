"""What both stages share: their weights, whole or not at all (ours)."""

from mmengine.model import BaseModel
from mmengine.runner import CheckpointLoader
from torch import Tensor

from mmkbdm.apis.errors import PreflightError
from mmkbdm.compat.checkpoint import read_checkpoint
from mmkbdm.engine.checkpoint_match import CheckpointMismatchError, check_match


class Stage(BaseModel):
    """A model that another one is built on.

    MMEngine loads of an ``init_cfg`` of type ``Pretrained`` what fits, and
    logs the rest: a codebook of another size would stay random.
    """

    def init_weights(self) -> None:
        """Initialise by ``init_cfg``.

        Raises:
            CheckpointError: A checkpoint cannot be read.
            PreflightError: It is of another model.
        """
        cfgs = self.init_cfg or []
        for cfg in [cfgs] if isinstance(cfgs, dict) else cfgs:
            if cfg['type'] == 'Pretrained':
                self.read(cfg['checkpoint'], cfg.get('prefix'))
        super().init_weights()

    def read(
        self, checkpoint: str, prefix: str | None = None
    ) -> dict[str, Tensor]:
        """Read weights that fit this model.

        Args:
            checkpoint (str): The file, or a URL.
            prefix (str, optional): Of the names of the weights in it, such
                as ``knowledge_base.source.codebook``. Defaults to None.

        Returns:
            dict[str, Tensor]: A state dict.

        Raises:
            CheckpointError: It cannot be read.
            PreflightError: It is of another model; names the file and the
                first weight.
        """
        if '://' in checkpoint:
            content = CheckpointLoader.load_checkpoint(checkpoint, 'cpu')
        else:
            content = read_checkpoint(checkpoint)
        weights = content.get('state_dict', content)
        if prefix is not None:
            prefix = f'{prefix.removesuffix(".")}.'
            weights = {
                key.removeprefix(prefix): value
                for key, value in weights.items()
                if key.startswith(prefix)
            }
        try:
            check_match(self.state_dict(), weights)
        except CheckpointMismatchError as error:
            raise PreflightError(
                f'{checkpoint} for this {type(self).__name__}: {error}'
            ) from error
        return weights
