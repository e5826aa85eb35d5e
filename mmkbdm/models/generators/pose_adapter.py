"""The trained copy of the UNet's encoder that is told the pose.

Source: ControlNet (arXiv 2302.05543), by diffusers' ControlNetModel; the
pose-masked attention in it of Stable-Pose (arXiv 2406.02485); the FiLM layers
of KB-DMGen (arXiv 2507.20083). Where the last two sit, and that FiLM works in
the copy and not in the frozen encoder, is ours.
"""

from collections.abc import Sequence

import torch
from diffusers import ConfigMixin, ControlNetModel, ModelMixin
from diffusers.configuration_utils import register_to_config
from diffusers.utils.accelerate_utils import apply_forward_hook
from torch import Tensor, nn

from mmkbdm.models.layers import (
    DynamicMask,
    GatedFiLM,
    PoseMaskedBlock,
    background_weight,
    distance_to_pose,
    pose_mask,
    token_distance,
)

from .adapter_inputs import PoseInputs, TimeInputs
from .whole_weights import WholeWeights

# Parts of ControlNet that begin as those of the UNet.
COPIED = ('conv_in', 'time_proj', 'time_embedding', 'down_blocks', 'mid_block')


class PoseAdapter(WholeWeights, ModelMixin, ConfigMixin):
    """ControlNet, and in it pose-masked attention and FiLM if configured.

    The masked block follows the first residual block, before its
    cross-attention. A FiLM layer follows the layers of the encoder that its
    places count as Stable Diffusion does: 0 is the first convolution, then
    one for each residual block (with its attention) and each downsampling.
    In Stable Diffusion 1.5, 4, 7 and 10 are the first layers of 640, 1280 and
    1280 channels. Without masks and FiLM there is no parameter more than
    ControlNet's, and at the start none of both changes anything: all outputs
    are zero.

    Args:
        controlnet (dict): Config of ControlNetModel.
        masks (dict, optional): Settings of :class:`DynamicMask`; and
            ``softness``, the width of a mask's edge in pixels of a drawing
            of ``reference_size``, by default 1 (0 is hard, and its radii do
            not learn; drawings of 64x64, whose tokens are 64 such pixels
            wide, want 2); and ``block``, a dict of settings of
            :class:`PoseMaskedBlock`. Defaults to None, no masks.
        film (dict, optional): Settings of :class:`GatedFiLM` with
            ``code_dim``; and ``places``, by default (4, 7, 10). Defaults to
            None, no FiLM.
        num_train_timesteps (int): Time steps of the diffusion. Defaults to
            1000.

    Raises:
        ValueError: There is no such place, or the UNet is of another kind.

    Example:
        >>> adapter = PoseAdapter.from_unet(unet, masks=dict())
        >>> down, mid = adapter(noisy, timesteps, text, condition)
    """

    _supports_gradient_checkpointing = True

    @register_to_config
    def __init__(
        self,
        controlnet: dict,
        masks: dict | None = None,
        film: dict | None = None,
        num_train_timesteps: int = 1000,
    ) -> None:
        super().__init__()
        self.net = net = ControlNetModel.from_config(dict(controlnet))
        widths = net.config.conditioning_embedding_out_channels
        self.factor = 2 ** (len(widths) - 1)
        self.dynamic_mask, self.masked_block = None, None
        if masks is not None:
            settings = dict(masks)
            self.softness = settings.pop('softness', 1.0)
            block = settings.pop('block', None) or {}
            self.dynamic_mask = DynamicMask(**settings)
            num_blocks = len(self.dynamic_mask.radii)
            self.masked_block = PoseMaskedBlock(
                net.config.block_out_channels[0],
                num_blocks=num_blocks,
                num_heads=settings.get('num_heads', 8),
                **block,
            )
        self.film_layers = nn.ModuleDict()
        if film is not None:
            settings = dict(film)
            channels = _channels(net)
            for place in settings.pop('places', (4, 7, 10)):
                if place not in channels:
                    raise ValueError(
                        f'film has no place {place}: the encoder has '
                        f'{", ".join(map(str, channels))}'
                    )
                self.film_layers[str(place)] = GatedFiLM(
                    channels[place],
                    time_dim=4 * net.config.block_out_channels[0],
                    num_groups=net.config.norm_num_groups,
                    **settings,
                )

    @classmethod
    def from_unet(
        cls,
        unet: nn.Module,
        conditioning_channels: Sequence[int] = (16, 32, 96, 256),
        **settings,
    ) -> 'PoseAdapter':
        """Copy the encoder of a UNet.

        Args:
            unet (UNet2DConditionModel): Of diffusers.
            conditioning_channels (Sequence[int]): Of the pose encoder, which
                halves the drawing at each but the first. Defaults to (16,
                32, 96, 256), ControlNet's.
            **settings: Further arguments of the class.
        """
        for key in ('class_embed_type', 'addition_embed_type'):
            if unet.config.get(key) is not None:
                raise ValueError(
                    f'a UNet with {key}={unet.config[key]!r} is not '
                    'supported: take one conditioned on time and text only'
                )
        with torch.device('meta'):
            plan = ControlNetModel.from_unet(
                unet,
                conditioning_embedding_out_channels=tuple(
                    conditioning_channels
                ),
                load_weights_from_unet=False,
            )
        config = {k: v for k, v in plan.config.items() if k[0] != '_'}
        adapter = cls(config, **settings)
        for name in COPIED:
            weights = getattr(unet, name).state_dict()
            getattr(adapter.net, name).load_state_dict(weights)
        return adapter

    # Where a pipeline offloads its models to the CPU, the decorated methods
    # fetch this one, as forward does.
    @apply_forward_hook
    def prepare_pose(self, condition: Tensor) -> PoseInputs:
        """Compute what does not depend on the time step.

        Args:
            condition (Tensor): Drawn poses (B, 3, H, W), uint8 RGB.
        """
        pixels = (condition / 255).to(self.dtype)
        embedding = self.net.controlnet_cond_embedding(pixels)
        distance, position = None, None
        if self.masked_block is not None:
            token = self.factor * self.masked_block.patch_size
            distance = distance_to_pose(pose_mask(condition))
            distance = token_distance(distance, token)
            position = self.masked_block.position(
                *embedding.shape[2:], like=embedding
            )
        size = min(condition.shape[-2:])
        return PoseInputs(embedding, distance, position, size)

    @apply_forward_hook
    def prepare_time(
        self, timesteps: Tensor, pose: PoseInputs, code: Tensor | None = None
    ) -> TimeInputs:
        """Compute what depends on the time step, but not on the latents.

        Args:
            timesteps (Tensor): (B), 0 is clean.
            pose (PoseInputs): Of :meth:`prepare_pose`.
            code (Tensor, optional): Of the knowledge base (B, d); for a row
                of zeros FiLM does nothing. Defaults to None, no code.
        """
        net = self.net
        embedding = net.time_proj(timesteps).to(self.dtype)
        embedding = net.time_embedding(embedding)
        masks = None
        if self.dynamic_mask is not None:
            time = timesteps / (self.config.num_train_timesteps - 1)
            radius, strength = self.dynamic_mask(time, pose.size)
            pixel = pose.size / self.dynamic_mask.reference_size
            background = background_weight(
                pose.distance, radius, self.softness * pixel
            )
            masks = self.masked_block.masks(background, strength)
            masks = masks.to(self.dtype)
        modulations = {}
        if code is not None:
            code = code.to(self.dtype)
            modulations = {
                place: film.modulation(code, embedding)
                for place, film in self.film_layers.items()
            }
        return TimeInputs(embedding, masks, modulations)

    @apply_forward_hook
    def residuals(
        self,
        sample: Tensor,
        text: Tensor,
        pose: PoseInputs,
        time: TimeInputs,
        pose_strength: float = 1.0,
        kb_strength: float = 1.0,
    ) -> tuple[list[Tensor], Tensor]:
        """Run the copied encoder.

        Args:
            sample (Tensor): Noisy latents (B, C, h, w).
            text (Tensor): Encoded prompts (B, tokens, C).
            pose, time: Of the two methods above.
            pose_strength (float): Factor of the outputs. Defaults to 1.
            kb_strength (float): Factor of FiLM's changes. Defaults to 1.

        Returns:
            tuple[list[Tensor], Tensor]: What is added to the UNet's skip
            connections and to its middle.
        """
        net = self.net
        text = text.to(self.dtype)
        h = net.conv_in(sample.to(self.dtype)) + pose.embedding
        skips = [h]
        for block in net.down_blocks:
            for resnet, attention in _layers(block):
                h = _run(block, resnet, h, time.embedding)
                if len(skips) == 1 and self.masked_block is not None:
                    given = h, time.masks, pose.position
                    h = _run(block, self.masked_block.refine, *given)
                if attention is not None:
                    h = attention(
                        h, encoder_hidden_states=text, return_dict=False
                    )[0]
                place = str(len(skips))
                if place in time.modulations:
                    h = self.film_layers[place].modulate(
                        h, time.modulations[place], kb_strength
                    )
                skips.append(h)
            if block.downsamplers is not None:
                for downsample in block.downsamplers:
                    h = downsample(h)
                skips.append(h)
        if getattr(net.mid_block, 'has_cross_attention', False):
            h = net.mid_block(h, time.embedding, encoder_hidden_states=text)
        elif net.mid_block is not None:
            h = net.mid_block(h, time.embedding)
        zero_convs = net.controlnet_down_blocks
        down = [conv(skip) for conv, skip in zip(zero_convs, skips)]
        mid = net.controlnet_mid_block(h)
        if pose_strength != 1:
            down, mid = [x * pose_strength for x in down], mid * pose_strength
        return down, mid

    def forward(
        self,
        sample: Tensor,
        timesteps: Tensor,
        text: Tensor,
        condition: Tensor,
        code: Tensor | None = None,
        pose_strength: float = 1.0,
        kb_strength: float = 1.0,
    ) -> tuple[list[Tensor], Tensor]:
        """Do it all at once, see the methods above."""
        pose = self.prepare_pose(condition)
        time = self.prepare_time(timesteps, pose, code)
        return self.residuals(
            sample, text, pose, time, pose_strength, kb_strength
        )


def _layers(block: nn.Module) -> list[tuple[nn.Module, nn.Module | None]]:
    """Return the residual blocks of a level, each with its attention."""
    attentions = getattr(block, 'attentions', [None] * len(block.resnets))
    return list(zip(block.resnets, attentions))


def _channels(net: ControlNetModel) -> dict[int, int]:
    """Return the channels of the layers that FiLM can follow."""
    channels, place = {}, 0
    for block, width in zip(net.down_blocks, net.config.block_out_channels):
        for _ in block.resnets:
            place += 1
            channels[place] = width
        place += block.downsamplers is not None
    return channels


def _run(block: nn.Module, layer: nn.Module, *inputs: Tensor) -> Tensor:
    """Run a layer of a level, with gradient checkpointing if it is on."""
    if torch.is_grad_enabled() and block.gradient_checkpointing:
        return block._gradient_checkpointing_func(layer, *inputs)
    return layer(*inputs)
