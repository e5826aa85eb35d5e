"""The vocabulary is that of the captions."""

import json
import re

from mmkbdm.datasets.toy_human import write_dataset
from mmkbdm.datasets.toy_human.vocabulary import (
    COLOURS,
    OBJECTS,
    caption_words,
)


def test_captions_are_made_of_these_words(tmp_path):
    write_dataset(tmp_path / 'toy', num_train=250, num_val=1, size=32)
    content = json.loads(
        (tmp_path / 'toy' / 'annotations' / 'train.json').read_text()
    )
    text = ' '.join(image['description'] for image in content['images'])
    seen = {*re.findall('[^ ,_]+', text)}
    known = {*caption_words()}
    assert seen <= known
    assert {*COLOURS, *OBJECTS} <= seen
    # What is rare may be missing in so few captions.
    assert len(known - seen) < 10
