"""Whether some kinds of callers, or some queues, are spoken to in another way: pure statistics on sums by rep.

A kind of caller is compared with the other kinds in the same queues, a queue with the other queues for the same kinds
of callers: the difference of the mean ratings is taken within each queue (or kind) and averaged as the group's calls
are spread over them (direct standardisation). Calls of one rep are alike, so that not calls but reps are what chance
draws: the intervals are the delete-one-rep jackknife's (Tukey 1958; for clusters MacKinnon, Nielsen & Webb 2023, J. of
Applied Econometrics 38) with Student's t for the reps of the smaller side. They are as wide as all the statements ask
for that are made at once (Bonferroni): in one look out of twenty at most a difference is named that is chance.

Groups of too few calls or reps, or mostly of one rep, are told by their counts alone, and left out of what the others
are compared with: by no subtraction anything comes out of them.
"""

from dataclasses import dataclass, field, replace
from math import isfinite, sqrt
from typing import Literal

import numpy as np
import pandas as pd
from scipy.special import stdtrit

from coach.calls import AXES, Axis

CALLS, REPS = 30, 5  # fewer tell nothing, or tell of persons
MOST_OF_ONE = 0.5  # share of a group's calls that one rep may have
MISTAKEN = 0.05
SMALL = 0.2  # of a step of the rubric's scale: too little for a caller to notice
COLUMNS = ("rep", "queue", "caller", "calls", *AXES)

By = Literal["caller", "queue"]
Verdict = Literal["more", "less", "same", "unclear"]


@dataclass(frozen=True, slots=True)
class Difference:
    """How much more of an axis a group meets, in steps of the rubric's scale, to a tenth, and from where to where.

    Attributes
    ----------
    verdict
        "more" or "less" where the interval leaves out none; "same" where all of it is small; else "unclear".
    """

    value: float
    low: float
    high: float

    @property
    def verdict(self) -> Verdict:
        if self.low > 0 or self.high < 0:
            return "more" if self.low > 0 else "less"
        return "same" if self.low >= -SMALL and self.high <= SMALL else "unclear"


@dataclass(frozen=True, slots=True)
class Size:
    calls: int = 0
    reps: int = 0
    largest: float = 0.0  # share of the rep with the most calls

    @property
    def enough(self) -> bool:
        return self.calls >= CALLS and self.reps >= REPS and self.largest <= MOST_OF_ONE


@dataclass(frozen=True, slots=True)
class Group:
    """A kind of caller or a queue beside the others; `differences` is empty where there are too few of either."""

    by: By
    name: str
    size: Size
    others: Size = Size()
    differences: dict[Axis, Difference] = field(default_factory=dict)


def compare(cells: pd.DataFrame) -> list[Group]:
    """Compare kinds of callers, then queues, those with the most calls first.

    Parameters
    ----------
    cells
        A row for each rep, queue and kind of caller (None where it is not known) with `calls`, how many they had, and
        the sum of these calls' ratings of each axis.
    """
    pairs = [pair for by in ("caller", "queue") for pair in _pairs(cells, by)]
    statements = len(AXES) * sum(group.others.enough for group, _, _ in pairs)
    return [_told(*pair, statements) for pair in pairs]


def _pairs(cells: pd.DataFrame, by: By) -> list[tuple[Group, pd.DataFrame, pd.DataFrame]]:
    """Each group with its own cells and those that it is compared with; of two groups that is the smaller one only."""
    named = {str(name): own for name, own in cells.dropna(subset=[by]).groupby(by)}
    sizes = {name: size(own) for name, own in named.items()}
    enough = sorted((name for name in named if sizes[name].enough), key=lambda name: (-sizes[name].calls, name))
    few = sorted(set(named) - set(enough))
    found = []
    for name in enough[1:] if len(enough) == 2 else enough:
        others = [named[other] for other in enough if other != name]
        own, beside = _shared(named[name], pd.concat([cells[:0], *others]), "queue" if by == "caller" else "caller")
        fits = size(own).enough and size(beside).enough
        found.append((Group(by, name, sizes[name], size(beside) if fits else Size()), own, beside))
    return found + [(Group(by, name, sizes[name]), cells[:0], cells[:0]) for name in few]


def size(cells: pd.DataFrame) -> Size:
    reps, rep = np.unique(cells.rep.to_numpy(), return_inverse=True)
    of_reps = np.bincount(rep, cells.calls.to_numpy(float), len(reps))
    calls = int(of_reps.sum())
    return Size(calls, len(reps), float(of_reps.max()) / calls) if calls else Size()


def _shared(own: pd.DataFrame, others: pd.DataFrame, within: str) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The cells of both in the strata that both have; what is not known is a stratum as well."""
    own, others = (cells.assign(stratum=cells[within].fillna("").astype(str)) for cells in (own, others))
    both = set(own.stratum) & set(others.stratum)
    return own[own.stratum.isin(both)], others[others.stratum.isin(both)]


def _told(group: Group, own: pd.DataFrame, others: pd.DataFrame, statements: int) -> Group:
    if not group.others.enough:
        return group
    reps, strata = np.union1d(own.rep, others.rep), np.unique(own.stratum.to_numpy(str))
    freedom = min(group.size.reps, group.others.reps) - 1
    t = float(stdtrit(freedom, 1 - MISTAKEN / statements / 2))
    sides = [_sums(cells, reps, strata) for cells in (own, others)]
    found = {axis: _difference([side[axis] for side in sides], [side["calls"] for side in sides], t) for axis in AXES}
    return replace(group, differences={axis: each for axis, each in found.items() if each})


def _sums(cells: pd.DataFrame, reps: np.ndarray, strata: np.ndarray) -> dict[str, np.ndarray]:
    """Tables by rep and stratum, of calls and of ratings."""
    at = np.searchsorted(reps, cells.rep), np.searchsorted(strata, cells.stratum.to_numpy(str))
    tables = {name: np.zeros((len(reps), len(strata))) for name in ("calls", *AXES)}
    for name, table in tables.items():
        np.add.at(table, at, cells[name].to_numpy(float))
    return tables


def _difference(sums: list[np.ndarray], counts: list[np.ndarray], t: float) -> Difference | None:
    """None where without one of the reps there would be nothing to compare."""
    reps = len(counts[0])
    value = float(_standardised(np.ones((1, reps)), sums, counts)[0])
    without = _standardised(1 - np.eye(reps), sums, counts)
    half = t * sqrt((reps - 1) / reps * float(((without - without.mean()) ** 2).sum()))
    figures = [round(figure, 1) + 0.0 for figure in (value, value - half, value + half)]
    return Difference(*figures) if all(map(isfinite, figures)) else None


def _standardised(weights: np.ndarray, sums: list[np.ndarray], counts: list[np.ndarray]) -> np.ndarray:
    """The difference of means with each row of weights for the reps."""
    (own, others), (number, beside) = ([weights @ table for table in tables] for tables in (sums, counts))
    with np.errstate(invalid="ignore", divide="ignore"):
        apart = own / number - others / beside
        there = np.isfinite(apart)
        return np.where(there, apart * number, 0).sum(1) / np.where(there, number, 0).sum(1)
