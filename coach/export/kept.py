"""What the exports share: a stored call, and what became of the calls."""

from dataclasses import dataclass

from coach.calls import Review
from coach.store import CallRow

Kept = tuple[CallRow, Review]


@dataclass(slots=True)
class Outcome:
    """How many calls are in the export, and how many were left out because their words, or their times, are missing."""

    calls: int = 0
    without_words: int = 0
    without_times: int = 0
