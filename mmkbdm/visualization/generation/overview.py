"""Page: the pose, the image, and how it comes out of noise (ours)."""

from ..figure import Page, panel_size, show_crop
from .view import GenerationView

LONGEST_PROMPT = 300

TEXT = """\
Told to draw: {prompt}
The generator is given the poses at the left. It starts from noise (seed \
{seed}) and removes it in {steps} steps, while t counts down; here is the \
image after some of them, and the finished one. The other pages look at the \
same steps.
{parts}"""


def overview_page(view: GenerationView, shown: list[str]) -> Page:
    """Show what the generator is given and what it makes.

    Args:
        view (GenerationView): The image.
        shown (list[str]): A sentence about each of the other pages.
    """
    text = TEXT.format(
        prompt=quoted(view.job.prompt),
        seed=view.job.seed,
        steps=len(view.steps),
        parts=' '.join(shown),
    )
    shots = [
        ('the poses', view.condition),
        *zip(map(step_name, view.looks), view.so_far),
        ('the image', view.image),
    ]
    page = Page(
        'From noise to people in given poses',
        text,
        1,
        len(shots),
        panel_size(view.image, 1.8),
    )
    for ax, (title, picture) in zip(page.panels[0], shots):
        show_crop(ax, picture, title)
    return page


def quoted(prompt: str) -> str:
    """A prompt as pages quote it: in one line, not longer than a few."""
    text = ' '.join(prompt.split())
    if len(text) > LONGEST_PROMPT:
        text = f'{text[:LONGEST_PROMPT]} ...'
    return f'"{text}"'


def step_name(look) -> str:
    """Title of a step: its number, counted from 0, and its time."""
    return f'step {look.step}, t = {look.timestep:.0f}'
