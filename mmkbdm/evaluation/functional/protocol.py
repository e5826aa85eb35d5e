"""Standard protocol, and the published one quirk by quirk (ours).

The public evaluators of HumanSD, Stable-Pose and GRPose share their defects
with every published table. Each is a switch here, so that a published number
can be understood. Drawing, judge and crop have quirks of their own, which
are none of the metrics'.
"""

from dataclasses import dataclass, fields

# Of the mini-batches of the legacy protocol.
BATCH_SIZE = 4


@dataclass(frozen=True)
class Protocol:
    """Switches of what the published scripts do otherwise; all off: none.

    Args:
        first_ten_people (bool): Only the first ten people of an image are
            its truth.
        box_of_missing_joints (bool): The box that gives the area is around
            all joints, those that are not visible lying at (-1, -1).
        area_of_whole_box (bool): The area is the box's, not 0.53 of it.
        average_over_batches (bool): AP, CAP and PCE are means over
            mini-batches of four images.
        empty_batch_is_minus_one (bool): A mini-batch without people enters
            AP and CAP as -1, where it would not enter otherwise.
        fail_without_detections (bool): A mini-batch without any detection
            ends the evaluation with an error.
        drop_last_batch (bool): The last, incomplete mini-batch is left out.
        id_zero_never_matches (bool): Whoever finds the first person of a
            mini-batch (of the dataset without ``average_over_batches``)
            counts as wrong: annotation 0 means "no match" to the old
            xtcocotools.
        divide_by_sigmas (bool): CAP divides coordinates by the sigmas of
            their joints before it normalises them.
        y_from_x (bool): CAP builds the detection's y vector from its x.
        nan_matches (bool): In CAP an undefined pair passes every threshold.
        count_all_detections (bool): PCE counts detections of any score.
        no_nms (bool): Several detections of one person stay.
        misaligned_counts (bool): PCE compares the i-th image that has people
            with the i-th image of all (of the mini-batch with
            ``average_over_batches``); which images the published scripts
            confuse is not told, this is ours.
    """

    first_ten_people: bool = False
    box_of_missing_joints: bool = False
    area_of_whole_box: bool = False
    average_over_batches: bool = False
    empty_batch_is_minus_one: bool = False
    fail_without_detections: bool = False
    drop_last_batch: bool = False
    id_zero_never_matches: bool = False
    divide_by_sigmas: bool = False
    y_from_x: bool = False
    nan_matches: bool = False
    count_all_detections: bool = False
    no_nms: bool = False
    misaligned_counts: bool = False


SWITCHES = tuple(field.name for field in fields(Protocol))


def standard() -> Protocol:
    """Return the protocol without any quirk."""
    return Protocol()


def legacy(**switches: bool) -> Protocol:
    """Return the protocol with every quirk, but for those switched off.

    Args:
        **switches: Fields of :class:`Protocol`.
    """
    return Protocol(**{**dict.fromkeys(SWITCHES, True), **switches})


PROTOCOLS = dict(standard=standard, legacy=legacy)


def build_protocol(
    name: str, switches: dict[str, bool] | None = None
) -> Protocol:
    """Return a protocol by name, with some switches set.

    Raises:
        ValueError: No such protocol.
        TypeError: No such switch.
    """
    if name not in PROTOCOLS:
        raise ValueError(
            f"protocol must be 'standard' or 'legacy', not {name!r}"
        )
    base = PROTOCOLS[name]()
    return Protocol(**{**vars(base), **(switches or {})})
