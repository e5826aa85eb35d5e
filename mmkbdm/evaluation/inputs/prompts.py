"""Prompts of images, from a file of their own (ours)."""

import json

from mmkbdm.apis.errors import PreflightError

from .match_names import match_names


def read_prompts(path: str) -> dict[str, str]:
    """Read prompts by name of the image.

    Args:
        path (str): JSON ``{name: prompt}``, or JSON lines with ``file_name``
            and ``prompt``.

    Raises:
        PreflightError: The file is not there or has another form.
    """
    form = (
        'it must be JSON {name: prompt}, or lines of JSON with "file_name" '
        'and "prompt"'
    )
    try:
        with open(path, encoding='utf-8') as file:
            text = file.read()
    except (OSError, UnicodeDecodeError) as error:
        raise PreflightError(
            f'{path} cannot be read ({error}): give a file of prompts'
        ) from error
    try:
        prompts = _parse(text)
    except (ValueError, KeyError, TypeError) as error:
        raise PreflightError(
            f'{path} is no file of prompts ({type(error).__name__}: '
            f'{error}): {form}'
        ) from error
    if not all(isinstance(one, str) for one in prompts.values()):
        raise PreflightError(f'{path} has a prompt that is no text: {form}')
    return prompts


def prompts_of(images: list[str], prompts: dict[str, str]) -> dict[str, str]:
    """Return the prompts of images, matched by :func:`match_names`."""
    names = list(prompts)
    pairs = match_names(images, names).pairs
    return {image: prompts[names[place]] for image, place in pairs.items()}


def _parse(text: str) -> dict[str, str]:
    try:
        content = json.loads(text)
    except json.JSONDecodeError:
        lines = [json.loads(line) for line in text.splitlines() if line]
        return {line['file_name']: line['prompt'] for line in lines}
    if not isinstance(content, dict):
        raise ValueError(f'it holds a {type(content).__name__}')
    # A file of one line is JSON as a whole.
    if content.keys() >= {'file_name', 'prompt'}:
        return {content['file_name']: content['prompt']}
    return content
