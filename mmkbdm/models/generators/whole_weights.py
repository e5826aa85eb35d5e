"""Models of diffusers whose weights are all there (ours)."""

from mmkbdm.apis.errors import PreflightError

from .parts import check_whole


class WholeWeights:
    """Comes before ModelMixin, which only warns of another model's files."""

    @classmethod
    def from_pretrained(cls, folder, **kwargs):
        """Load as diffusers does.

        Raises:
            PreflightError: A weight is missing, or nobody's.
        """
        asked = kwargs.pop('output_loading_info', False)
        model, info = super().from_pretrained(
            folder, output_loading_info=True, **kwargs
        )
        where = f'{cls.__name__} of {folder}'
        check_whole(info, where)
        if info['unexpected_keys']:
            raise PreflightError(
                f'{where}: its config.json has no place for the weight '
                f'{min(info["unexpected_keys"])}: give the folder that it '
                'was saved in'
            )
        return (model, info) if asked else model
