"""All pages about one generated image, and a sheet of them (ours)."""

from collections.abc import Collection, Iterator, Sequence
from pathlib import Path

from mmkbdm.models.knowledge_base import PredictedCode

from ..book import save_pages
from ..figure import Page
from .attention import attention_page, shares_page
from .codes import codes_page
from .masks import delta_page, masks_page
from .overview import overview_page
from .questions import questions
from .strengths import DEFAULT, strengths_page
from .training_images import TrainingImages
from .view import GenerationView

PAGES = ('masks', 'attention', 'codes', 'strengths')

NO_MASKS = 'note: the model has no pose masks: no pages of masks and attention'
AT_REST = (
    'note: in no step that is looked at are the poses used (pose_strength, '
    'pose_start, pose_end): no pages of attention'
)
NO_KNOWLEDGE = 'note: the model has no knowledge base: no page of codes'
NO_CODES = 'note: {source} asks no classifier: no page of codes'
NO_PROMPT = 'note: an empty prompt has no code: no page of codes'
NO_IMAGES = (
    'note: codes are shown as numbers; with --training-images, the config of '
    'stage 1, they are shown as images'
)
SENTENCES = dict(
    masks='Masks: what the generator takes for background.',
    attention='Attention: which places of the image ask which.',
    codes='Codes: what the knowledge base makes of the prompt.',
    strengths='Strengths: more and less of the poses and of what is known.',
)


def write_generation_pages(
    view: GenerationView,
    folder: Path,
    joints: Sequence[str] | None = None,
    training: TrainingImages | None = None,
    pose_strengths: Sequence[float] = DEFAULT,
    kb_strengths: Sequence[float] = DEFAULT,
    wanted: Collection[str] = PAGES,
) -> Iterator[str]:
    """Write the pages of an image as PNG files.

    Args:
        view (GenerationView): The image.
        folder (Path): Made when missing; pages of the same names are
            replaced.
        joints (Sequence[str], optional): See :func:`questions`.
        training (TrainingImages, optional): See :func:`codes_page`.
        pose_strengths, kb_strengths (Sequence[float]): See
            :func:`strengths_page`.
        wanted (Collection[str]): Of ``PAGES``. Defaults to all.

    Yields:
        str: The path of each page once it is written, or a note.
    """
    missing = missing_pages(view)
    shown = [name for name in PAGES if name in wanted and name not in missing]
    yield from dict.fromkeys(missing[n] for n in wanted if n in missing)
    if 'codes' in shown and training is None:
        yield NO_IMAGES
    makers = dict(
        masks=lambda: _masks(view),
        attention=lambda: _attention(view, joints),
        codes=lambda: [('codes', codes_page(view, training))],
        strengths=lambda: [
            (
                'strengths',
                strengths_page(view, pose_strengths, kb_strengths),
            )
        ],
    )

    def pages() -> Iterator[tuple[str, Page]]:
        sentences = [SENTENCES[name] for name in shown]
        yield 'overview', overview_page(view, sentences)
        for name in shown:
            yield from makers[name]()

    yield from save_pages(pages(), folder)


def missing_pages(view: GenerationView) -> dict[str, str]:
    """Tell which pages there are none of for a model, and why."""
    pipeline, notes = view.pipeline, {}
    if pipeline.adapter.masked_block is None:
        notes['masks'] = notes['attention'] = NO_MASKS
    elif not any(look.layers for look in view.looks):
        notes['attention'] = AT_REST
    if pipeline.knowledge_base is None:
        notes['codes'] = NO_KNOWLEDGE
    else:
        knowledge_base = pipeline.knowledge_base.net
        if not isinstance(knowledge_base.source, PredictedCode):
            source = type(knowledge_base.source).__name__
            notes['codes'] = NO_CODES.format(source=source)
        elif not any(knowledge_base.parts(view.job.prompt).queries().values()):
            notes['codes'] = NO_PROMPT
    return notes


def _masks(view: GenerationView) -> Iterator[tuple[str, Page]]:
    yield 'masks', masks_page(view)
    yield 'radius_and_strength', delta_page(view)


def _attention(
    view: GenerationView, joints: Sequence[str] | None
) -> Iterator[tuple[str, Page]]:
    asked = questions(view, joints)
    for block in range(len(view.pipeline.adapter.masked_block.layers)):
        yield f'attention_{block}', attention_page(view, block, asked)
    yield 'attention_to_pose', shares_page(view)
