"""A column of a report that the scores of a run are held against (ours)."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Column:
    """Scores of something else, measured as those of the run.

    Args:
        what (str): What was scored, in a few words for a reader, such as
            ``the real images``.
        scores (dict[str, float]): By the names that the run's scores have;
            those it lacks are shown as not measured.
    """

    what: str
    scores: dict[str, float]
