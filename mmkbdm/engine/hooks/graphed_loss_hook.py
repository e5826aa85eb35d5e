"""Training of a small heatmap network as CUDA graphs."""

import torch
from mmengine.hooks import Hook
from mmengine.model import is_model_wrapper
from mmengine.optim import AmpOptimWrapper
from mmengine.runner import Runner
from mmengine.structures import InstanceData, PixelData
from torch import Tensor, nn

from mmkbdm.apis.errors import PreflightError
from mmkbdm.registry import HOOKS


@HOOKS.register_module()
class GraphedLossHook(Hook):
    """Captures forward and backward of the losses at the first iteration.

    A small network keeps a GPU waiting for Python to launch its kernels; a
    graph launches all of them at once. For top-down estimators with one
    heatmap a joint, batches of one size and losses that do not look at their
    values (``train_cfg=dict(compute_acc=False)``). Optimizer, evaluation and
    checkpoints stay as they are.

    Raises:
        PreflightError: There is no GPU, or there are several processes; or
            gradients are gathered, while a graph writes them where those of
            the last pass are; or mixed precision is asked for, of which a
            graph of float32 would know nothing.
    """

    def before_train(self, runner: Runner) -> None:
        """Refuse what would train, but not as it was asked for."""
        if is_model_wrapper(runner.model):
            raise PreflightError(
                'GraphedLossHook is for one process: leave it out of '
                'custom_hooks, or --launcher'
            )
        if isinstance(runner.optim_wrapper, AmpOptimWrapper):
            raise PreflightError(
                'GraphedLossHook captures in float32, which '
                f'{type(runner.optim_wrapper).__name__} would not change: '
                'leave one of them out'
            )
        # MMEngine has no public name for it.
        parts = runner.optim_wrapper._accumulative_counts
        if parts > 1:
            raise PreflightError(
                'GraphedLossHook does not go with optim_wrapper.'
                f'accumulative_counts={parts}: leave one of them out'
            )

    def before_train_iter(
        self, runner: Runner, batch_idx: int, data_batch: dict | None = None
    ) -> None:
        """Replace the model's ``loss`` by its graph, once."""
        model = runner.model
        if 'loss' in vars(model):
            return
        if not torch.cuda.is_available():
            raise PreflightError(
                'GraphedLossHook needs a GPU that torch can use: leave it out '
                'of custom_hooks'
            )
        data = model.data_preprocessor(data_batch, True)
        core = LossOfTensors(model)
        example = (data['inputs'], *tensors_of(data['data_samples']))
        # Capturing runs the network: its statistics are put back.
        before = {name: b.clone() for name, b in model.named_buffers()}
        graphed = torch.cuda.make_graphed_callables(
            core, example, allow_unused_input=True
        )
        for name, buffer in model.named_buffers():
            buffer.copy_(before[name])

        def loss(inputs: Tensor, data_samples: list) -> dict:
            losses = graphed(inputs, *tensors_of(data_samples))
            return dict(zip(core.names, losses))

        model.loss = loss

    def after_train(self, runner: Runner) -> None:
        """Give the model its own ``loss`` back."""
        vars(runner.model).pop('loss', None)


class LossOfTensors(nn.Module):
    """The losses of an estimator as a function of tensors.

    Args:
        estimator (nn.Module): A top-down estimator of MMPose.

    Attributes:
        names (tuple[str]): Names of the losses, after the first call.
    """

    def __init__(self, estimator: nn.Module) -> None:
        super().__init__()
        self.estimator = estimator
        self.own_loss = estimator.loss
        self.names: tuple[str, ...] = ()

    def forward(
        self, images: Tensor, heatmaps: Tensor, weights: Tensor
    ) -> tuple[Tensor, ...]:
        """Losses of normalised images (B, 3, H, W).

        Args:
            images (Tensor): Images.
            heatmaps (Tensor): Targets (B, K, h, w).
            weights (Tensor): Weights of the joints (B, 1, K).
        """
        from mmpose.structures import PoseDataSample

        samples = []
        for heatmap, weight in zip(heatmaps, weights):
            sample = PoseDataSample()
            sample.gt_fields = PixelData(heatmaps=heatmap)
            sample.gt_instance_labels = InstanceData(keypoint_weights=weight)
            samples.append(sample)
        losses = self.own_loss(images, samples)
        self.names = tuple(losses)
        return tuple(losses.values())


def tensors_of(data_samples: list) -> tuple[Tensor, Tensor]:
    """Heatmaps (B, K, h, w) and weights (B, 1, K) of a batch."""
    return (
        torch.stack([s.gt_fields.heatmaps for s in data_samples]),
        torch.stack(
            [s.gt_instance_labels.keypoint_weights for s in data_samples]
        ),
    )
