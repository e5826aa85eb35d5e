"""Which annotation an image belongs to, by the names of both (ours)."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from .image_folder import is_image

NO_ANNOTATION = 'no annotation'
SEVERAL_ANNOTATIONS = 'name fits several annotations'
SEVERAL_IMAGES = 'annotation fits several images'
FOLDERS_DISAGREE = 'folders disagree'


@dataclass(frozen=True)
class NameMatches:
    """What became of the names.

    Args:
        pairs (dict[str, int]): Index of the annotation, by image.
        excluded (dict[str, str]): Reason, by image.
        without_image (list[int]): Indices of annotations without an image.
    """

    pairs: dict[str, int]
    excluded: dict[str, str]
    without_image: list[int]


def match_names(
    images: Sequence[str], annotations: Sequence[str]
) -> NameMatches:
    """Match images to annotations.

    An image belongs to the annotation of the same path. Otherwise the names
    of the files must be the same but for their endings, and the one that
    agrees in most folders, from the last one upwards, is taken:
    ``cartoon/7.png`` belongs to ``HumanArt/images/cartoon/7.jpg``. Nothing
    is guessed: the best annotation of an image, and the best image of that
    annotation, must each be the only one. Where both are in folders, the
    last of these must agree too; only if none does in the whole run and no
    file name occurs twice is it another layout of the same files, and a note
    is printed.

    Args:
        images (Sequence[str]): Paths, all different.
        annotations (Sequence[str]): Names of files as annotated.
    """
    image_parts = [_parts(name) for name in images]
    annotation_parts = [_parts(name) for name in annotations]
    pairs = {}
    # The same path, then the same but for its ending: this spares folders
    # of one image each the comparison of all files of a name.
    for own, others in (
        (images, annotations),
        (image_parts, annotation_parts),
    ):
        rest = [i for i in range(len(images)) if i not in pairs]
        taken = set(pairs.values())
        places = _only(others)
        for key, place in _only([own[i] for i in rest]).items():
            if key in places and places[key] not in taken:
                pairs[rest[place]] = places[key]
    rest = [i for i in range(len(images)) if i not in pairs]
    taken = set(pairs.values())
    best = _best(rest, image_parts, annotation_parts)
    best_back = _best(
        {j for found in best.values() for j in found},
        annotation_parts,
        image_parts,
    )
    reasons = {}
    for i in rest:
        found = best[i]
        free = [j for j in found if j not in taken]
        if not free:
            reasons[i] = NO_ANNOTATION
        elif len(found) > 1:
            reasons[i] = SEVERAL_ANNOTATIONS
        elif best_back[free[0]] == [i]:
            pairs[i] = free[0]
        elif i in best_back[free[0]]:
            reasons[i] = SEVERAL_IMAGES
        else:
            reasons[i] = NO_ANNOTATION
    strange = [
        i
        for i, j in pairs.items()
        if _folders_disagree(image_parts[i], annotation_parts[j])
    ]
    if strange and (
        len(strange) < len(pairs)
        or _has_twins(image_parts)
        or _has_twins(annotation_parts)
    ):
        for i in strange:
            del pairs[i]
            reasons[i] = FOLDERS_DISAGREE
    elif strange:
        example = strange[0]
        print(
            'note: folders differ, files are matched by their names alone, '
            f'such as {images[example]} and {annotations[pairs[example]]}'
        )
    used = set(pairs.values())
    return NameMatches(
        {images[i]: pairs[i] for i in sorted(pairs)},
        {images[i]: reasons[i] for i in sorted(reasons)},
        [j for j in range(len(annotations)) if j not in used],
    )


def _parts(name: str) -> tuple[str, ...]:
    """Split a path, from its end, the ending of an image left out."""
    if is_image(name):
        name = name.rpartition('.')[0]
    parts = name.replace('\\', '/').split('/')
    return tuple(part for part in reversed(parts) if part not in ('', '.'))


def _folders_disagree(one: tuple[str, ...], other: tuple[str, ...]) -> bool:
    return len(one) > 1 and len(other) > 1 and one[1] != other[1]


def _has_twins(names: Sequence[tuple[str, ...]]) -> bool:
    return len({parts[:1] for parts in names}) < len(names)


def _only(keys: Sequence) -> dict:
    """Return the places of the keys that occur once."""
    places = defaultdict(list)
    for place, key in enumerate(keys):
        places[key].append(place)
    return {key: found[0] for key, found in places.items() if len(found) == 1}


def _best(wanted, own: Sequence[tuple], others: Sequence[tuple]) -> dict:
    """Return the indices of the others that agree best, by index wanted."""
    by_stem = defaultdict(list)
    for j, parts in enumerate(others):
        by_stem[parts[:1]].append(j)
    best = {}
    for i in wanted:
        found = by_stem[own[i][:1]]
        agree = [_common(own[i], others[j]) for j in found]
        most = max(agree, default=0)
        best[i] = [j for j, count in zip(found, agree) if count == most]
    return best


def _common(one: tuple[str, ...], other: tuple[str, ...]) -> float:
    """Count the parts that agree; the same path is better than any other."""
    if one == other:
        return float('inf')
    count = 0
    for a, b in zip(one, other):
        if a != b:
            break
        count += 1
    return count
