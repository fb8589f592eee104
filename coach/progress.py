"""A rep's progress: each axis and each habit against what was usual for them, in words only where the figures allow.

Calls of the last four weeks are compared with those of the eight weeks before, never with anybody else's. Something is
called more or less only where the interval of the difference leaves out zero: for ratings that of Welch (1947,
Biometrika 34), for habits that of Newcombe (1998, Statistics in Medicine 17, method 10). The intervals are as wide as
so many statements ask for (Bonferroni), so that about one look in twenty at most says something that is chance.
`benchmarks/progress.py` measures how often that happens, and what changes are found.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import groupby
from math import sqrt
from statistics import NormalDist, mean, variance
from typing import Literal

from scipy.special import stdtrit

from coach.calls import AXES, Axis
from coach.shares import newcombe
from coach.tone.rubric import BEHAVIOURS

RECENT, EARLIER = timedelta(weeks=4), timedelta(weeks=8)
ENOUGH_CALLS = 8
MISTAKEN = 0.05
HIGHEST = 3.0
WORTH_RATING, SMALL_RATING = 0.2, 0.5  # of a step of the rubric's scale: worth a word; too small to matter
WORTH_SHARE, SMALL_SHARE = 0.1, 0.2  # one call in ten; two in ten

Verdict = Literal["more", "less", "usual", "unclear", "few"]


@dataclass(frozen=True, slots=True)
class Figures:
    """What one scored call adds to a rep's progress. `scorer` is what rated it: others' ratings are not comparable."""

    at: datetime
    scores: Mapping[Axis, float]
    behaviours: frozenset[str] = frozenset()
    scorer: Mapping[str, str] | None = None


@dataclass(frozen=True, slots=True)
class Change:
    """What may be said of some calls against earlier ones: `now` and `usual` are mean ratings, or shares of calls.

    Attributes
    ----------
    verdict
        "more" or "less" than usual; as "usual", where any difference is small; "unclear", where it might be large as
        well as none; "few", where there are too few calls to compare.
    """

    verdict: Verdict
    calls: int
    earlier: int
    now: float = 0.0
    usual: float = 0.0


@dataclass(frozen=True, slots=True)
class Week:
    """The mean rating of a week's calls, and from where to where it may lie (95 %); None where nothing tells that."""

    monday: date
    calls: int
    mean: float
    band: tuple[float, float] | None


def monday(day: date) -> date:
    return day - timedelta(days=day.weekday())


def comparable(calls: Sequence[Figures]) -> list[Figures]:
    """Those that were rated by what rated the last one: another model's ratings would look like a change."""
    return [call for call in calls if call.scorer == calls[-1].scorer]


def split(calls: Sequence[Figures], last: date) -> tuple[list[Figures], list[Figures]]:
    """The calls of the four calendar weeks that end with the week of `last`, and those of the eight weeks before."""
    end = monday(last) + timedelta(weeks=1)
    days = [(call, call.at.astimezone().date()) for call in calls]
    recent = [call for call, day in days if end - RECENT <= day < end]
    return recent, [call for call, day in days if end - RECENT - EARLIER <= day < end - RECENT]


def by_week(calls: Sequence[Figures], axis: Axis) -> list[Week]:
    """The weeks that have calls, in the order of time.

    How far ratings differ within a week is estimated from all weeks together, as analysis of variance does: the two
    calls of a short week say little about that.
    """
    ordered = sorted(calls, key=lambda call: call.at)
    found = groupby(ordered, key=lambda call: monday(call.at.astimezone().date()))
    weeks = [(day, [call.scores[axis] for call in group]) for day, group in found]
    freedom = sum(len(values) - 1 for _, values in weeks)
    spread = sqrt(sum(_squares(values) for _, values in weeks) / freedom) if freedom else None
    return [Week(day, len(values), mean(values), _band(values, spread, freedom)) for day, values in weeks]


def _squares(values: Sequence[float]) -> float:
    return variance(values) * (len(values) - 1) if len(values) > 1 else 0.0


def _band(values: Sequence[float], spread: float | None, freedom: int) -> tuple[float, float] | None:
    if spread is None:
        return None
    middle, half = mean(values), float(stdtrit(freedom, 1 - MISTAKEN / 2)) * spread / sqrt(len(values))
    return max(0.0, middle - half), min(HIGHEST, middle + half)


def ratings(recent: Sequence[Figures], earlier: Sequence[Figures]) -> dict[Axis, Change]:
    """What may be said of each axis."""
    return {axis: of_ratings(_values(axis, recent), _values(axis, earlier), statements=len(AXES)) for axis in AXES}


def _values(axis: Axis, calls: Sequence[Figures]) -> list[float]:
    return [call.scores[axis] for call in calls]


def of_ratings(recent: Sequence[float], earlier: Sequence[float], statements: int = 1) -> Change:
    """Compare the mean ratings of some calls with those of earlier ones, as one of so many statements."""
    if min(len(recent), len(earlier)) < ENOUGH_CALLS:
        return Change("few", len(recent), len(earlier))
    now, usual = mean(recent), mean(earlier)
    parts = [variance(values) / len(values) for values in (recent, earlier)]
    half = 0.0
    if sum(parts):
        freedom = sum(parts) ** 2 / sum(p**2 / (len(v) - 1) for p, v in zip(parts, (recent, earlier), strict=True))
        half = float(stdtrit(freedom, 1 - MISTAKEN / statements / 2)) * sqrt(sum(parts))
    interval = now - usual - half, now - usual + half
    return Change(_verdict(now - usual, interval, WORTH_RATING, SMALL_RATING), len(recent), len(earlier), now, usual)


def habits(recent: Sequence[Figures], earlier: Sequence[Figures]) -> dict[str, Change]:
    """In what share of the calls each behaviour came up that did: strengths first, then the most frequent."""
    now, before = (Counter(name for call in calls for name in call.behaviours) for calls in (recent, earlier))
    names = sorted(now | before, key=lambda name: (not is_strength(name), -now[name], -before[name], name))
    sizes = len(recent), len(earlier)
    return {name: of_shares((now[name], before[name]), sizes, statements=len(names)) for name in names}


def is_strength(behaviour: str) -> bool:
    return BEHAVIOURS.get(behaviour) == "empathy"


def of_shares(found: tuple[int, int], calls: tuple[int, int], statements: int = 1) -> Change:
    """Compare in how many of some calls something was found with how many of the earlier ones: each (now, before)."""
    now, usual = (hits / max(1, size) for hits, size in zip(found, calls, strict=True))
    if min(calls) < ENOUGH_CALLS:
        return Change("few", *calls, now, usual)
    interval = newcombe(found, calls, NormalDist().inv_cdf(1 - MISTAKEN / statements / 2))
    return Change(_verdict(now - usual, interval, WORTH_SHARE, SMALL_SHARE), *calls, now, usual)


def _verdict(difference: float, interval: tuple[float, float], worth: float, small: float) -> Verdict:
    low, high = interval
    if abs(difference) >= worth and not low <= 0 <= high:
        return "more" if difference > 0 else "less"
    return "usual" if -small < low and high < small else "unclear"
