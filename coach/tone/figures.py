"""Tables of scored turns, and figures on them: authors, how far moments can be trusted, whether context counts."""

import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from scipy.stats import binomtest, t

from coach.calls import AXES, Axis, InputError, Score
from coach.tone.agreement import RESAMPLES, Estimate, estimate, measures, resampled

GIVEAWAYS: tuple[Axis, ...] = ("condescension", "impatience")
CONTRASTS = ("f-", "s-")  # authors who wrote pairs of calls that share sentences
FEWEST_CALLS = 20  # an author's figures from fewer calls say more of the calls than of the author
COLUMNS = ["call", "turn", "text", "axis", "truth", "rating", "probability"]
Scores = dict[Axis, Score]


def table(turns: Iterable[tuple[str, int, dict[str, Any], Scores]]) -> pd.DataFrame:
    """One row for each turn and axis, from (call, turn, labelled turn, scores)."""
    rows = [
        (call, turn, labelled["text"], axis, np.mean(labelled["ratings"][axis]), score.rating, score.probability)
        for call, turn, labelled, scores in turns
        for axis, score in scores.items()
    ]
    return pd.DataFrame(rows, columns=COLUMNS)


def save(rows: pd.DataFrame, path: Path) -> None:
    """Keep a table of scored turns as a small .csv.gz, the same bytes for the same scores; texts stay in the data."""
    packed = {"method": "gzip", "mtime": 0}
    rows.drop(columns="text").to_csv(path, index=False, float_format="%.5g", compression=packed)


def load(path: Path, calls: Iterable[dict[str, Any]]) -> pd.DataFrame:
    """A table that `save` kept, with the texts of the labelled calls; turns of other calls are left out.

    Raises
    ------
    InputError
        Where there is no such file, or it is not a table of scored turns.
    """
    texts = pd.DataFrame([(call, turn, said["text"]) for call, turn, said in rep_turns(calls)], columns=COLUMNS[:3])
    try:
        return pd.read_csv(path).merge(texts, on=["call", "turn"])[COLUMNS]
    except (OSError, ValueError, KeyError):
        raise InputError(f"{path}: no table of scored turns is here; restore it from git, or run coach train") from None


def one_rater(calls: Iterable[dict[str, Any]]) -> pd.DataFrame:
    """Each rater as if a model, and the mean of the others as the truth."""
    rows = []
    for call, number, turn in rep_turns(calls):
        for axis in AXES:
            given = turn["ratings"][axis]
            for i, own in enumerate(given):
                rows.append((call, number, turn["text"], axis, np.mean(given[:i] + given[i + 1 :]), own, own / 3))
    return pd.DataFrame(rows, columns=COLUMNS)


def rep_turns(calls: Iterable[dict[str, Any]]) -> Iterator[tuple[str, int, dict[str, Any]]]:
    for call in calls:
        for number, turn in enumerate(call["turns"]):
            if turn["speaker"] == "rep":
                yield call["id"], number, turn


def authors(rows: pd.DataFrame) -> pd.DataFrame:
    """`measures` of each author (the letter that a call's id begins with) who has `FEWEST_CALLS` or more."""
    found = []
    for (author, axis), own in rows.groupby([rows.call.str[0], "axis"], sort=False):
        if (calls := own.call.nunique()) >= FEWEST_CALLS:
            found.append({"author": author, "calls": calls, "axis": axis} | measures(own))
    return pd.DataFrame(found, columns=["author", "calls", "axis", *measures(rows)])


def over_authors(each: pd.DataFrame) -> pd.DataFrame:
    """Mean of each measure over the authors, every author counting the same, with Student's 95 % interval: what to
    expect of one more author, as far as these stand for others."""
    long = each.melt(["author", "calls", "axis"], var_name="measure").groupby(["axis", "measure"], sort=False)["value"]
    mean, reach = long.mean(), long.sem() * t.ppf(0.975, long.count() - 1)
    found = pd.DataFrame({"value": mean, "low": mean - reach, "high": mean + reach})
    return found.assign(worst=long.min(), best=long.max()).reset_index()


def ratios(counts: pd.DataFrame, of: dict[str, tuple[str, str]]) -> dict[str, Estimate]:
    """Named ratios of two sums over calls, with bootstrap 95 % intervals; `counts` has a row for each call."""
    drawn = pd.DataFrame(resampled(len(counts), RESAMPLES) @ counts.to_numpy(float), columns=counts.columns)
    sums = counts.sum().astype(float)
    with np.errstate(invalid="ignore"):
        return {
            name: estimate(sums[part] / sums[whole], (drawn[part] / drawn[whole]).to_numpy())
            for name, (part, whole) in of.items()
        }


def shown(rows: pd.DataFrame, thresholds: dict[Axis, float], axes: tuple[Axis, ...], most: int = 3) -> pd.DataFrame:
    """The turns that a coach would be shown of each call: at most `most`, each for its likeliest axis."""
    over = rows[rows.axis.isin(axes) & (rows.probability >= rows.axis.map(thresholds))]
    first = over.sort_values("probability", ascending=False).drop_duplicates(["call", "turn"])
    return first.groupby("call").head(most)


def moments(rows: pd.DataFrame, thresholds: dict[Axis, float]) -> dict[str, Estimate]:
    """How far the top moments of a call can be trusted, and how often a call without fault is accused."""
    rated, over = rows.truth >= 1, rows.probability >= rows.axis.map(thresholds)
    counts = pd.DataFrame({"calls": 1.0}, index=rows.call.unique())
    for kind, axes in (("giveaways", GIVEAWAYS), ("strengths", ("empathy",))):
        own, top = rows.axis.isin(axes), shown(rows, thresholds, axes)
        counts[kind], counts[f"right {kind}"] = top.call.value_counts(), top[top.truth >= 1].call.value_counts()
        counts[f"turns for {kind}"] = rows[own].call.value_counts()
        counts[f"rated {kind}"] = rows[own & rated].call.value_counts()
        counts[f"found {kind}"] = rows[own & rated & over].call.value_counts()
    counts = counts.fillna(0)
    counts["faultless"] = counts["rated giveaways"] == 0
    counts["false"] = counts.giveaways * counts.faultless
    return ratios(
        counts,
        {
            "top three giveaways right": ("right giveaways", "giveaways"),
            "the same, of turns taken at random": ("rated giveaways", "turns for giveaways"),
            "giveaways a call": ("giveaways", "calls"),
            "faults that are over the threshold": ("found giveaways", "rated giveaways"),
            "top three strengths right": ("right strengths", "strengths"),
            "the same, of turns at random": ("rated strengths", "turns for strengths"),
            "strengths a call": ("strengths", "calls"),
            "empathy that is over the threshold": ("found strengths", "rated strengths"),
            "share of calls without fault": ("faultless", "calls"),
            "false giveaways in a call without fault": ("false", "faultless"),
        },
    )


def contrast(rows: pd.DataFrame) -> dict[str, float | Estimate]:
    """Of the same sentence said in both calls of a pair (f-001 and f-002, s-001 and s-002, ...), in turns rated a point
    or more apart on an axis: how often the model tells which is which (chance: half), with Wilson's interval and the
    binomial chance of telling as many apart, or more, by guessing."""
    own = rows[rows.call.str.startswith(CONTRASTS)]
    pair = own.call.str[:2] + ((own.call.str[2:].astype(int) + 1) // 2).astype(str)
    own = own.assign(pair=pair, sentence=own.text.map(_sentences)).explode("sentence")
    both = own.merge(own, on=["pair", "sentence", "axis"]).drop_duplicates(["call_x", "turn_x", "turn_y", "axis"])
    both = both[(both.call_x < both.call_y) & ((both.truth_x - both.truth_y).abs() >= 1)]
    if both.empty:
        return {"turns that share a sentence": 0}
    told = np.sign(both.probability_x - both.probability_y) == np.sign(both.truth_x - both.truth_y)
    guess = binomtest(int(told.sum()), len(told), 0.5, alternative="greater")
    between = binomtest(int(told.sum()), len(told)).proportion_ci(method="wilson")
    return {
        "turns that share a sentence": len(both),
        "told apart": Estimate(float(told.mean()), between.low, between.high),
        "told apart by guessing": 0.5,
        "chance of guessing as many": guess.pvalue,
    }


def _sentences(text: str) -> list[str]:
    return [sentence for sentence in re.split(r"(?<=[.?!]) ", text) if len(sentence.split()) > 2]
