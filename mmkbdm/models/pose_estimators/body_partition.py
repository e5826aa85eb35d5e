"""Body parts by the names of their joints (ours)."""

import difflib
from collections.abc import Mapping, Sequence


def joint_indices(
    parts: Sequence[Sequence[str]],
    metainfo: Mapping,
    *,
    overlap: bool = False,
    where: str = 'parts',
) -> list[list[int]]:
    """Translate a partition of the body to joint indices.

    Args:
        parts (Sequence[Sequence[str]]): Names of the joints of each part.
        metainfo (Mapping): Parsed metainfo of a pose dataset of MMPose, with
            ``keypoint_name2id``.
        overlap (bool): Whether a joint may stand in several parts. Defaults
            to False.
        where (str): Place in the config, for the messages.

    Returns:
        list[list[int]]: Indices of the joints of each part.

    Raises:
        ValueError: When a joint is unknown to the dataset, stands twice, or
            stands in no part; the message names it.
    """
    ids = metainfo['keypoint_name2id']
    dataset = metainfo.get('dataset_name', 'the dataset')
    seen: dict[str, int] = {}
    for index, part in enumerate(parts):
        if not isinstance(part, list | tuple) or not part:
            raise ValueError(
                f'{where}[{index}]={part!r} must be a list of joint names'
            )
        for name in part:
            if not isinstance(name, str) or name not in ids:
                raise ValueError(
                    f'{where}[{index}]: {name!r} is no joint of {dataset}: '
                    + _hint(name, ids)
                )
            if seen.get(name) == index:
                raise ValueError(
                    f'{where}[{index}]: joint {name!r} stands there twice: '
                    'keep one'
                )
            if name in seen and not overlap:
                raise ValueError(
                    f'{where}: joint {name!r} stands in part {seen[name]} '
                    f'and again in part {index}: keep one, or set '
                    'overlap=True for joints in several parts'
                )
            seen[name] = index
    missing = [name for name in ids if name not in seen]
    if missing:
        raise ValueError(
            f'{where}: joint {missing[0]!r} of {dataset} stands in no part '
            f'({len(missing)} missing): every level must cover all '
            f'{len(ids)} joints'
        )
    return [[ids[name] for name in part] for part in parts]


def _hint(name: object, ids: Mapping) -> str:
    close = difflib.get_close_matches(str(name), ids, n=1)
    return (
        f'did you mean {close[0]!r}?' if close else 'it has ' + ', '.join(ids)
    )
