"""Files of weights: where they are, and which they are."""

import hashlib
import os
import re
from pathlib import Path
from urllib.parse import urlparse

import torch

from mmkbdm.apis.errors import PreflightError


def local_weights(weights: str, advice: str = 'name another file') -> Path:
    """Return the local file of a path or URL, downloading it if needed.

    A download goes where MMEngine and torch look for it too. OpenMMLab's
    files carry the start of their SHA-256 in the name; it is compared.

    Args:
        weights (str): A path, or a URL.
        advice (str): What else can be done when a path does not exist, for
            the message.

    Raises:
        PreflightError: The file is not there, or is not what its name says;
            one line with the way out.
    """
    if '://' not in weights:
        if not os.path.isfile(weights):
            raise PreflightError(
                f'{weights} does not exist: put the weights there, or {advice}'
            )
        return Path(weights)
    name = os.path.basename(urlparse(weights).path)
    path = Path(torch.hub.get_dir(), 'checkpoints', name)
    if not path.is_file():
        digest = re.search(r'-([0-9a-f]{8})(?:_\d{8})?\.pth$', name)
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            torch.hub.download_url_to_file(
                weights,
                str(path),
                hash_prefix=digest and digest.group(1),
                progress=False,
            )
        # A URLError is an OSError; torch tells a wrong digest by the other.
        except (OSError, RuntimeError) as error:
            raise PreflightError(
                f'{weights} could not be downloaded ({error}): fetch it '
                f'where there is a network and put it to {path}, or {advice}'
            ) from error
    return path


def sha256(path: Path) -> str:
    """Return the SHA-256 of a file in hexadecimal digits."""
    digest = hashlib.sha256()
    with open(path, 'rb') as file:
        while block := file.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()
