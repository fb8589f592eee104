"""What was found of a tone model on labelled calls: for JSON, and as tables to read."""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from math import isnan
from typing import Any

import pandas as pd

from coach.calls import AXES, Axis
from coach.tone.agreement import Estimate
from coach.tone.figures import over_authors

BY_AUTHOR = ("average precision", "ROC-AUC", "kappa")


@dataclass(frozen=True, slots=True)
class Evaluation:
    """`agreement` has one row for each system, axis and measure, with its interval, and `authors` one for each author
    (empty where no author has enough calls); `reliability`, `risk_coverage` and `abstention` are as in `curves`, and
    `unsure_from` is where "not sure" begins; the rest are named figures."""

    calls: int
    turns: int
    agreement: pd.DataFrame
    authors: pd.DataFrame
    moments: dict[str, Estimate]
    contrast: dict[str, float | Estimate]
    reliability: pd.DataFrame
    risk_coverage: pd.DataFrame
    unsure_from: dict[Axis, float]
    thresholds: dict[Axis, float]
    abstention: pd.DataFrame
    evidence: dict[str, float]

    def as_dict(self) -> dict[str, Any]:
        """For JSON: tables as lists of rows, an estimate as its value and interval."""
        return {field.name: plain(getattr(self, field.name)) for field in fields(self)}

    def __str__(self) -> str:
        """Tables to read; they are Markdown too."""
        parts = [f"{self.calls} calls, {self.turns} rep turns; in brackets 95 % intervals, calls resampled", ""]
        parts += markdown(self._agreement())
        for named in (self.moments, self.contrast):
            parts += ["", *_listed(named)]
        parts += ["", "Calling a turn absent, present, or not sure:", "", *markdown(self._abstention())]
        if len(self.authors):
            parts += ["", "Average precision / ROC-AUC / kappa for each author, and the mean of the authors:", ""]
            parts += markdown(self._authors())
        return "\n".join([*parts, "", *_listed(self.evidence)]).rstrip()

    def _agreement(self) -> pd.DataFrame:
        cells = self.agreement.assign(cell=[_estimate(row) for row in self.agreement.itertuples()])
        wide = cells.pivot_table(
            index=["axis", "system"], columns="measure", values="cell", aggfunc="first", sort=False
        )
        return wide.reset_index()

    def _abstention(self) -> pd.DataFrame:
        between = [f"{self.unsure_from[axis]:.2f}-{self.thresholds[axis]:.2f}" for axis in self.abstention.axis]
        rows = self.abstention.drop(columns=["called absent", "called present"])
        rows.insert(1, "not sure between", between)
        return rows.assign(**{"risk-coverage area": [f"{value:.3f}" for value in rows["risk-coverage area"]]}).map(str)

    def _authors(self) -> pd.DataFrame:
        figures_of = self.authors[list(BY_AUTHOR)].map("{:.2f}".format)
        cells = self.authors.assign(cell=figures_of.agg(" / ".join, axis=1))
        wide = cells.pivot(index=["author", "calls"], columns="axis", values="cell")[list(AXES)].reset_index()
        means = over_authors(self.authors).set_index(["axis", "measure"])
        mean = {axis: " / ".join(_estimate(means.loc[(axis, measure)]) for measure in BY_AUTHOR) for axis in AXES}
        return pd.concat([wide, pd.DataFrame([{"author": "mean", "calls": wide.calls.sum()} | mean])]).map(str)


def plain(value: Any) -> Any:
    if isinstance(value, pd.DataFrame):
        value = value.to_dict("records")
    if isinstance(value, Estimate):
        value = value._asdict()
    if isinstance(value, list):
        return [plain(item) for item in value]
    if isinstance(value, float) and isnan(value):
        return None  # JSON has no word for it
    return {name: plain(item) for name, item in value.items()} if isinstance(value, dict) else value


def _estimate(row: Any) -> str:
    return str(Estimate(row.value, row.low, row.high))


def _listed(named: Mapping[str, float | Estimate]) -> list[str]:
    return [f"- {name}: {value if isinstance(value, Estimate) else f'{value:.4g}'}" for name, value in named.items()]


def markdown(rows: pd.DataFrame) -> list[str]:
    lines = [list(rows.columns), ["---"] * len(rows.columns), *rows.fillna("").to_numpy().tolist()]
    return ["| " + " | ".join(line) + " |" for line in lines]
