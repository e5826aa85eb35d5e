"""Whether the frozen parts belong together (ours)."""

from torch import nn

from mmkbdm.apis.errors import PreflightError

# CLIP's text models of before July 2023 say so, and take the highest number
# of a prompt as its end.
OLD_END = 2
TOKENS = ('bos', 'eos', 'pad', 'unk')


def check_parts(vae: nn.Module, unet: nn.Module, text: nn.Module) -> None:
    """Check that the parts take what the others answer.

    Args:
        vae (AutoencoderKL): Of diffusers.
        unet (UNet2DConditionModel): Of diffusers.
        text (nn.Module): ``CLIPTextModel``, or the one with projection.

    Raises:
        PreflightError: Names the two values.
    """
    latents = vae.config.latent_channels
    if latents != unet.config.in_channels:
        raise PreflightError(
            f'unet takes in_channels={unet.config.in_channels}, vae makes '
            f'latent_channels={latents}: take parts of one model'
        )
    width = text.config.hidden_size
    if unet.config.cross_attention_dim != width:
        raise PreflightError(
            'unet takes texts of '
            f'cross_attention_dim={unet.config.cross_attention_dim}, '
            f'text_encoder makes hidden_size={width}: take parts of one model'
        )


def check_tokenizer(tokenizer, text: nn.Module) -> None:
    """Check that a tokenizer has the tokens that a text encoder needs.

    Args:
        tokenizer: Of transformers.
        text (nn.Module): The text encoder.

    Raises:
        PreflightError: Names the token and its number.
    """
    name = f'tokenizer ({type(tokenizer).__name__})'
    fix = 'take the tokenizer that the text encoder was trained with'
    for token in TOKENS:
        if getattr(tokenizer, f'{token}_token_id') is None:
            raise PreflightError(
                f'{name} has no {token}_token, which every prompt needs: {fix}'
            )
    size = text.config.vocab_size
    word, highest = max(tokenizer.get_vocab().items(), key=lambda one: one[1])
    if highest >= size:
        raise PreflightError(
            f'{name} has the token {word!r} of number {highest}, text_encoder '
            f'a vocabulary of {size}: {fix}'
        )
    end, wanted = tokenizer.eos_token_id, text.config.eos_token_id
    if end != (highest if wanted == OLD_END else wanted):
        raise PreflightError(
            f'{name} ends prompts with eos_token_id={end}, text_encoder looks '
            f'for {wanted} (2 means the highest, {highest}): {fix}'
        )
    try:
        # In no vocabulary of bytes or letters that lacks the unknown token.
        tokenizer('\u4eba \u00e9')
    except Exception as error:
        # The library in Rust raises plain ones.
        raise PreflightError(
            f'{name} cannot read an unknown letter ({error}): {fix}'
        ) from error


def check_texts(base: nn.Module, knowledge_base: nn.Module) -> None:
    """Check that a knowledge base is asked with the texts that it knows.

    Args:
        base (FrozenBase): With the text encoder.
        knowledge_base (KnowledgeBase): Asked.

    Raises:
        PreflightError: Names the class, or the two numbers.
    """
    found, wanted = base.pooled_dim, knowledge_base.text_dim
    if found is None:
        raise PreflightError(
            f'text_encoder is a {type(base.text_encoder).__name__} without '
            'the projection that knowledge_base asks for: take '
            'CLIPTextModelWithProjection, of the CLIP model that stage 2 was '
            'trained with'
        )
    if wanted not in (None, found):
        raise PreflightError(
            f'knowledge_base takes text features of {wanted} dimensions, '
            f'text_encoder makes {found}: take the CLIP model that it was '
            'trained with'
        )


def check_schedulers(scheduler, sampler) -> None:
    """Check that sampling undoes what training does.

    Args:
        scheduler: Of training, of diffusers.
        sampler: Scheduler of inference.

    Raises:
        PreflightError: They differ in what is predicted, or the last step is
            pure noise, of which the noise says nothing.
    """
    for name, one in (('scheduler', scheduler), ('sampler', sampler)):
        zero = one.config.get('rescale_betas_zero_snr', False)
        if zero and one.config.prediction_type == 'epsilon':
            raise PreflightError(
                f'{name} has rescale_betas_zero_snr=True and predicts '
                "epsilon: give prediction_type='v_prediction'"
            )
    kinds = [one.config.prediction_type for one in (scheduler, sampler)]
    if kinds[0] != kinds[1]:
        raise PreflightError(
            f'sampler has prediction_type={kinds[1]!r}, scheduler '
            f'{kinds[0]!r}: give both the same, or none to the sampler'
        )
