import sys
from email.message import Message
from urllib.error import HTTPError, URLError

import pytest
from torch._utils import ExceptionWrapper

from mmkbdm.apis.errors import PreflightError, command_line, user_message
from mmkbdm.compat.checkpoint import CheckpointError
from mmkbdm.datasets.transforms import UnreadableImageError
from mmkbdm.engine.checkpoint_match import CheckpointMismatchError

OURS = (
    PreflightError,
    CheckpointError,
    CheckpointMismatchError,
    UnreadableImageError,
)


@pytest.mark.parametrize('kind', OURS)
def test_the_whole_message_in_one_line(kind):
    assert user_message(kind('a: b\nc  d\n')) == 'a: b c d'


@pytest.mark.parametrize('kind', OURS)
def test_an_error_of_a_data_loader_process(kind):
    """What torch makes of an exception that crosses processes."""
    try:
        try:
            raise AssertionError('the cause: not this one')
        except AssertionError as cause:
            raise kind('image a: b.png cannot\nbe decoded') from cause
    except kind:
        wrapper = ExceptionWrapper(sys.exc_info(), 'in DataLoader worker 0')
    with pytest.raises(kind) as caught:
        wrapper.reraise()
    assert 'Original Traceback' in str(caught.value)
    assert user_message(caught.value) == 'image a: b.png cannot be decoded'


@pytest.mark.parametrize(
    'error',
    [
        URLError(OSError(-2, 'Name or service\nnot known')),
        HTTPError('https://a.b/c.pth', 404, 'Not Found', Message(), None),
    ],
)
def test_offline(error):
    message = user_message(error)
    assert '\n' not in message
    assert 'could not be downloaded' in message
    assert '--cfg-options' in message


@pytest.mark.parametrize('error', [ValueError('x'), KeyError('x'), OSError()])
def test_defects_are_not_explained_away(error):
    assert user_message(error) is None


def test_command_line_ends_with_2(capsys):
    @command_line
    def main():
        raise PreflightError('mend it')

    with pytest.raises(SystemExit) as caught:
        main()
    assert caught.value.code == 2
    assert capsys.readouterr().err == 'error: mend it\n'


def test_command_line_keeps_the_traceback_of_a_defect():
    @command_line
    def main():
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        main()
