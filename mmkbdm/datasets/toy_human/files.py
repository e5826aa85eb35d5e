"""Atomic files and their checksums.

Source: ours.
"""

import hashlib
import json
import os

from .errors import ToyHumanError

TEMPORARY = '.tmp'


def write_bytes(path, data):
    """Write a file that is either whole or not there.

    Args:
        path (Path): Target; its folder exists.
        data (bytes): Content.

    Returns:
        str: SHA-256 of the content, hexadecimal.

    Raises:
        OSError: If the file cannot be written.
    """
    temporary = path.with_name(f'{path.name}.{os.getpid()}{TEMPORARY}')
    temporary.write_bytes(data)
    os.replace(temporary, path)
    return hashlib.sha256(data).hexdigest()


def write_json(path, content, indent=None):
    """Write JSON atomically and return its SHA-256."""
    separators = None if indent else (',', ':')
    text = json.dumps(content, indent=indent, separators=separators)
    return write_bytes(path, (text + '\n').encode())


def read_json(path):
    """Return the content of a JSON file, or None if it is not there.

    Raises:
        ToyHumanError: If the file is not valid JSON.
    """
    try:
        return json.loads(path.read_text())
    except FileNotFoundError:
        return None
    except ValueError:
        raise ToyHumanError(
            f'{path} is damaged; delete {path.parent} and run again'
        ) from None


def sha256(path):
    """Return the SHA-256 of a file, or None if it is not there."""
    try:
        return hashlib.sha256(path.read_bytes()).hexdigest()
    except FileNotFoundError:
        return None
