"""What people said of turns, against what the model says: how far they agree, and thresholds chosen by it.

The calls are those of `coach feedback export`. A disagreement is said of what looked wrong to somebody: how often the
model is right can only be told from ratings that were given blind, of turns which somebody else had chosen.
"""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, fields
from itertools import combinations
from typing import Any

import numpy as np
import pandas as pd
from scipy.stats import binomtest

from coach.calls import AXES, Axis
from coach.tone.agreement import Estimate, estimate, kappa, resampled, rounded
from coach.tone.evaluation import markdown, plain

ENOUGH = 20  # turns that both have rated, below which nothing is said of how far they agree
ENOUGH_TO_CHOOSE = 50  # likely turns rated blind, below which a threshold stays as it is
RIGHT = 0.8  # share of the shown moments that people should confirm: as where the thresholds were chosen first
FOLDS = 5
MODEL = "model"
_COLUMNS = ("call", "turn", "axis", "by", "role", "rating", "blind", "model", "probability", "behaviours")


def judgements(calls: list[dict[str, Any]]) -> pd.DataFrame:
    """One row for each rating that somebody gave: what they say, and what the model says of the same turn and axis."""
    return pd.DataFrame(
        [row for call in calls for at, turn in enumerate(call["turns"]) for row in _rows(call["id"], at, turn)],
        columns=_COLUMNS,
    )


def _rows(call: str, at: int, turn: dict[str, Any]) -> Iterator[tuple[Any, ...]]:
    for axis, ratings in turn.get("ratings", {}).items() if turn.get("scores") else ():
        said = turn["scores"][axis]
        behaviours = tuple(dict.fromkeys(e["behaviour"] for e in turn["evidence"] if e["axis"] == axis))
        for rating, rater in zip(ratings, turn["raters"][axis], strict=True):
            by, model = (rater["role"], rater["number"]), (said["rating"], said["probability"])
            yield call, at, axis, by, rater["role"], rating, rater["blind"], *model, behaviours


def agreement(given: pd.DataFrame) -> pd.DataFrame:
    """Quadratic weighted kappa of lead, rep and model in pairs, from ratings given blind.

    Returns
    -------
    DataFrame
        A row for each axis and pair with turns that both have rated: `axis`, `between`, `turns`, `calls`, and `kappa`,
        an `Estimate` with a 95 % interval (calls resampled), or None below 20 turns. Several raters of a role count as
        their mean.
    """
    blind = given[given.blind.astype(bool)]
    turns = ["axis", "call", "turn"]
    table = (
        blind.groupby([*turns, "role"]).rating.mean().unstack().join(blind.groupby(turns).model.first()).reset_index()
    )
    found = []
    for axis in AXES:
        for one, other in combinations([name for name in ("lead", "rep", MODEL) if name in table], 2):
            both = table[table.axis == axis].dropna(subset=[one, other])
            if len(both):
                counts = {"turns": len(both), "calls": both.call.nunique()}
                found.append(
                    {"axis": axis, "between": f"{one} and {other}"} | counts | {"kappa": _kappa(both, one, other)}
                )
    return pd.DataFrame(found, columns=["axis", "between", "turns", "calls", "kappa"])


def _kappa(both: pd.DataFrame, one: str, other: str) -> Estimate | None:
    if len(both) < ENOUGH:
        return None
    calls, number = np.unique(both.call, return_inverse=True)
    said = rounded(both[one]), rounded(both[other])
    with np.errstate(invalid="ignore", divide="ignore"):
        drawn = kappa(*said, resampled(len(calls))[:, number])
        return estimate(float(kappa(*said, np.ones((1, len(both))))[0]), drawn)


def behaviours(given: pd.DataFrame) -> pd.DataFrame:
    """For each behaviour that the model named: how many such turns were rated, and the share that people confirm.

    Returns
    -------
    DataFrame
        `behaviour`, `turns`, `confirmed` (share whose mean rating is 1 or more, 0-1), `low`, `high` (Wilson, 95 %).
    """
    by_turn = given.groupby(["call", "turn", "axis"]).agg(rating=("rating", "mean"), behaviour=("behaviours", "first"))
    named = by_turn.explode("behaviour").dropna(subset="behaviour")
    counts = (named.rating >= 1).groupby(named.behaviour).agg(["size", "sum"])
    rows = []
    for behaviour, turns, yes in counts.itertuples():
        between = binomtest(int(yes), int(turns)).proportion_ci(method="wilson")
        rows.append((behaviour, turns, yes / turns, between.low, between.high))
    return pd.DataFrame(rows, columns=["behaviour", "turns", "confirmed", "low", "high"])


@dataclass(frozen=True, slots=True)
class Chosen:
    """A threshold before and after, and what came of it.

    `turns` were there to choose by. `right_before` and `right_after` are the shares (0-1) of the rated turns above it
    that people confirm, and `shown` how many those are; `right_after` is measured on calls without part in the choice.
    """

    axis: Axis
    turns: int
    before: float
    after: float
    shown: tuple[int, int] = (0, 0)
    right_before: float | None = None
    right_after: float | None = None

    @property
    def enough(self) -> bool:
        return self.turns >= ENOUGH_TO_CHOOSE


def choose(given: pd.DataFrame, thresholds: dict[Axis, float]) -> list[Chosen]:
    """The lowest threshold of each axis above which people confirm four in five turns, from ratings given blind."""
    return [_choose(axis, given[given.blind.astype(bool) & (given.axis == axis)], thresholds[axis]) for axis in AXES]


def _choose(axis: Axis, given: pd.DataFrame, before: float) -> Chosen:
    turns = given.groupby(["call", "turn"]).agg(rating=("rating", "mean"), probability=("probability", "first"))
    likely = turns[turns.probability >= 0.5].reset_index()
    if len(likely) < ENOUGH_TO_CHOOSE:
        return Chosen(axis, len(likely), before, before)
    after = _threshold(likely)
    shown = int((likely.probability >= before).sum()), int((likely.probability >= after).sum())
    return Chosen(axis, len(likely), before, after, shown, _right(likely, before), _right_unseen(likely))


def _threshold(likely: pd.DataFrame) -> float:
    places = np.arange(50, 100) / 100
    right = [_right(likely, place) for place in places]
    return next((float(place) for place, share in zip(places, right, strict=True) if share and share >= RIGHT), 0.99)


def _right(likely: pd.DataFrame, threshold: float) -> float | None:
    over = likely[likely.probability >= threshold]
    return float((over.rating >= 1).mean()) if len(over) else None


def _right_unseen(likely: pd.DataFrame) -> float | None:
    """The share that is right above a threshold which was chosen on other calls, five times over."""
    fold = likely.call.map({call: n % FOLDS for n, call in enumerate(sorted(likely.call.unique()))})
    over = [
        own[own.probability >= _threshold(likely[fold != n])] for n in range(FOLDS) if len(own := likely[fold == n])
    ]
    kept = pd.concat(over)
    return float((kept.rating >= 1).mean()) if len(kept) else None


@dataclass(frozen=True, slots=True)
class Report:
    """How far people and model agree: `agreement` and `behaviours` are tables of these names, the rest are counts.

    `disagreements` counts what was not withdrawn, by what the answer came to.
    """

    calls: int
    ratings: int
    blind: int
    agreement: pd.DataFrame
    behaviours: pd.DataFrame
    disagreements: dict[str, int]

    def as_dict(self) -> dict[str, Any]:
        return {field.name: plain(getattr(self, field.name)) for field in fields(self)}

    def __str__(self) -> str:
        """Tables to read; they are Markdown too."""
        kappas = [str(each) if each else f"too few turns to tell ({ENOUGH} needed)" for each in self.agreement.kappa]
        said = ", ".join(f"{name} {number}" for name, number in self.disagreements.items()) or "none"
        shares = [f"{row.confirmed:.0%} ({row.low:.0%}-{row.high:.0%})" for row in self.behaviours.itertuples()]
        named = self.behaviours[["behaviour", "turns"]].assign(**{"people confirm": shares})
        lines = [f"{self.calls} calls, {self.ratings} ratings, {self.blind} of them blind; 95 % intervals in brackets"]
        lines += ["", "Agreement (quadratic weighted kappa) of blind ratings, calls resampled:", ""]
        lines += markdown(self.agreement.assign(kappa=kappas).map(str))
        lines += [
            "",
            "Of the turns in which a behaviour was named, rated by anybody (not a random choice of turns):",
            "",
        ]
        return "\n".join([*lines, *markdown(named.map(str)), "", f"Disagreements: {said}"])


def report(calls: list[dict[str, Any]]) -> Report:
    """What people said of the scores of these calls, as `coach feedback export` wrote them."""
    given = judgements(calls)
    said = [each for call in calls for turn in call["turns"] for each in turn.get("disagreements", ())]
    verdicts = Counter(each["verdict"] or "not answered yet" for each in said)
    return Report(
        len(calls),
        len(given),
        int(given.blind.sum()),
        agreement(given),
        behaviours(given),
        dict(verdicts.most_common()),
    )
