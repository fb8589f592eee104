"""Figures on tables of scored turns: how well they agree with the raters, and how far their moments can be trusted."""

import re
from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np
import pandas as pd
from sklearn.metrics import average_precision_score, cohen_kappa_score, roc_auc_score

from coach.calls import AXES, Axis, Score

GIVEAWAYS: tuple[Axis, ...] = ("condescension", "impatience")
RESAMPLES = 200
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


def measures(rows: pd.DataFrame) -> dict[str, float]:
    """Of one axis: average precision and ROC-AUC for a mean rating of 1 or more, quadratic weighted kappa of the
    rounded rating, and expected calibration error of the probability (ten bins)."""
    rated = rows.truth.to_numpy() >= 1
    chance = rows.probability.to_numpy()
    mixed = rated.any() and not rated.all()
    return {
        "average precision": average_precision_score(rated, chance) if mixed else np.nan,
        "ROC-AUC": roc_auc_score(rated, chance) if mixed else np.nan,
        "kappa": kappa(rows.truth, rows.rating),
        "calibration error": calibration_error(rated, chance),
    }


def kappa(truth: pd.Series, rating: pd.Series) -> float:
    rounded = [np.floor(np.asarray(column) + 0.5).astype(int) for column in (truth, rating)]
    return cohen_kappa_score(*rounded, labels=range(4), weights="quadratic")


def calibration_error(rated: np.ndarray, chance: np.ndarray) -> float:
    """Mean distance, over the turns, of the probability from the share that is rated so, in ten bins."""
    bins = np.minimum((chance * 10).astype(int), 9)
    gaps = np.bincount(bins, weights=rated - chance, minlength=10)
    return float(np.abs(gaps).sum() / len(chance))


def figures(rows: pd.DataFrame, resamples: int = RESAMPLES, seed: int = 0) -> pd.DataFrame:
    """`measures` of each axis with bootstrap 95 % intervals (calls are drawn, not turns)."""
    found = []
    for axis, own in rows.groupby("axis", sort=False):
        drawn = pd.DataFrame(measures(own_sample) for own_sample in _resampled(own, resamples, seed))
        for name, value in measures(own).items():
            low, high = drawn[name].quantile([0.025, 0.975])
            found.append({"axis": axis, "measure": name, "value": value, "low": low, "high": high})
    return pd.DataFrame(found)


def _resampled(rows: pd.DataFrame, times: int, seed: int) -> Iterator[pd.DataFrame]:
    calls = [np.array(at) for at in rows.reset_index(drop=True).groupby("call").indices.values()]
    generator = np.random.default_rng(seed)
    for _ in range(times):
        yield rows.iloc[np.concatenate([calls[i] for i in generator.integers(len(calls), size=len(calls))])]


def shown(rows: pd.DataFrame, thresholds: dict[Axis, float], axes: tuple[Axis, ...], most: int = 3) -> pd.DataFrame:
    """The turns that a coach would be shown of each call: at most `most`, each for its likeliest axis."""
    over = rows[rows.axis.isin(axes) & (rows.probability >= rows.axis.map(thresholds))]
    first = over.sort_values("probability", ascending=False).drop_duplicates(["call", "turn"])
    return first.groupby("call").head(most)


def moments(rows: pd.DataFrame, thresholds: dict[Axis, float]) -> dict[str, float]:
    """How far the top moments of a call can be trusted, and how often a call without fault is accused."""
    giveaways, strengths = shown(rows, thresholds, GIVEAWAYS), shown(rows, thresholds, ("empathy",))
    over = rows.probability >= rows.axis.map(thresholds)
    faults, kind = rows.axis.isin(GIVEAWAYS) & (rows.truth >= 1), (rows.axis == "empathy") & (rows.truth >= 1)
    worst = rows[rows.axis.isin(GIVEAWAYS)].groupby("call").truth.max()
    faultless = set(worst[worst < 1].index)
    return {
        "top three giveaways right": float((giveaways.truth >= 1).mean()),
        "giveaways a call": len(giveaways) / rows.call.nunique(),
        "top three strengths right": float((strengths.truth >= 1).mean()),
        "strengths a call": len(strengths) / rows.call.nunique(),
        "faults that are over the threshold": float(over[faults].mean()),
        "empathy that is over the threshold": float(over[kind].mean()),
        "calls without fault": len(faultless),
        "false giveaways in a call without fault": float(giveaways.call.isin(faultless).sum() / max(len(faultless), 1)),
    }


def contrast(rows: pd.DataFrame) -> dict[str, float]:
    """Of the same sentence said in both calls of a pair (f-001 and f-002, ...), in turns rated a point or more apart:
    how often the model tells which is which (chance: half)."""
    own = rows[rows.call.str.startswith("f-")]
    own = own.assign(pair=(own.call.str[2:].astype(int) + 1) // 2, sentence=own.text.map(_sentences)).explode(
        "sentence"
    )
    both = own.merge(own, on=["pair", "sentence", "axis"])
    both = both[(both.call_x < both.call_y) & ((both.truth_x - both.truth_y).abs() >= 1)]
    told = np.sign(both.probability_x - both.probability_y) == np.sign(both.truth_x - both.truth_y)
    return {"sentences said in two contexts": len(both), "told apart": float(told.mean())}


def _sentences(text: str) -> list[str]:
    return [sentence for sentence in re.split(r"(?<=[.?!]) ", text) if len(sentence.split()) > 2]
