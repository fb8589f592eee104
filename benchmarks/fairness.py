"""Does the score of a turn depend on whose name is said in it, or in whose English it is said?

    python benchmarks/fairness.py [--model FOLDER] [--worst N]

Each pair of `counterfactuals/pairs.toml` is a rep's turn, after the same call so far, in two versions that mean the
same and have the same tone. Printed, in Markdown, is how far the rating (0-3) of the second is from that of the first,
and how often a moment appears or vanishes (the probability is over the model's threshold in one of the two).
The yardstick are plain sentences in other plain words. In brackets 95 % intervals, the written lines
resampled.
"""

import re
import sys
import tomllib
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click
import numpy as np
import pandas as pd

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from coach.calls import AXES, Axis, Call, Score, Speaker, Turn  # noqa: E402
from coach.tone.agreement import Estimate, estimate, resampled  # noqa: E402
from coach.tone.model import ToneModel  # noqa: E402
from coach.weights import MODELS  # noqa: E402

PAIRS = Path(__file__).parent / "counterfactuals" / "pairs.toml"
EITHER = re.compile(r"\{([^{}|]*)\|([^{}|]*)\}")
YARDSTICK = "yardstick"


@dataclass(frozen=True, slots=True)
class Pair:
    """Two calls whose last turns, the rep's, mean the same. `line` is the written line that they are made from."""

    group: str
    kind: str
    tone: str
    line: int
    calls: tuple[Call, Call]


def pairs(path: Path = PAIRS) -> list[Pair]:
    """All pairs that the written lines make, in their order."""
    data = tomllib.loads(path.read_text(encoding="utf-8"))
    lines = [
        (group, kind, line)
        for group, kinds in data["turns"].items()
        for kind, written in kinds.items()
        for line in written
    ]
    return [
        Pair(group, kind, line["tone"], number, _versions([*data["calls"][line["call"]], line["say"]], both))
        for number, (group, kind, line) in enumerate(lines)
        for both in _names(data["names"], kind, number)
    ]


def _names(names: dict[str, Any], kind: str, line: int) -> Iterator[list[dict[str, str]]]:
    """Who speaks in the two versions: the usual two people, or some of the swapped."""
    if kind not in names["swapped"]:
        yield [names["usual"]] * 2
        return
    for number in range(line * names["each"], (line + 1) * names["each"]):
        swapped = names["pairs"][number % len(names["pairs"])]
        yield [names["usual"] | {names["swapped"][kind]: name} for name in swapped]


def _versions(texts: list[str], names: list[dict[str, str]]) -> tuple[Call, Call]:
    first, second = (
        Call("counterfactual", tuple(_turn(number, text, side, who) for number, text in enumerate(texts)))
        for side, who in enumerate(names)
    )
    return first, second


def _turn(number: int, text: str, side: int, names: dict[str, str]) -> Turn:
    speaker: Speaker = "customer" if number % 2 else "rep"
    said = EITHER.sub(lambda either: either[side + 1], text).format(**names)
    return Turn(speaker, said[0].upper() + said[1:])


def last_turns(model: ToneModel, calls: Iterable[Call]) -> dict[Call, dict[Axis, Score]]:
    """Scores of the calls' last turns. What several calls have in common is read once."""
    continued = defaultdict(list)
    for call in dict.fromkeys(calls):
        continued[call.turns[:-1]].append(call)
    found: dict[Call, dict[Axis, Score]] = {}
    for group in continued.values():
        *_, reading = model.reader.read(group[0])
        versions = model.reader.read_again(reading, [call.turns[-1].text.split() for call in group])
        found |= dict(zip(group, model.heads.scores(versions), strict=True))
    return found


def changes(model: ToneModel, chosen: list[Pair]) -> pd.DataFrame:
    """A row for each pair and axis: both ratings, the change, and whether a moment appears (1) or vanishes (-1)."""
    scores = last_turns(model, (call for pair in chosen for call in pair.calls))
    rows = []
    for pair in chosen:
        about = {"group": pair.group, "kind": pair.kind, "tone": pair.tone, "line": pair.line}
        about["text"] = " -> ".join(call.turns[-1].text for call in pair.calls)
        for axis in AXES:
            before, after = (scores[call][axis] for call in pair.calls)
            shown = [score.probability >= model.thresholds[axis] for score in (before, after)]
            moment = int(shown[1]) - int(shown[0])
            rows.append(about | {"axis": axis, "before": before.rating, "after": after.rating, "moment": moment})
    table = pd.DataFrame(rows)
    return table.assign(change=table.after - table.before)


def with_interval(values: pd.Series, groups: pd.Series) -> str:
    """A mean with its bootstrap 95 % interval; whole groups are drawn, since what is in one is alike."""
    group, names = pd.factorize(groups)
    drawn = resampled(len(names))
    means = drawn @ np.bincount(group, values) / (drawn @ np.bincount(group))
    return spelled(estimate(float(values.mean()), means))


def spelled(found: Estimate) -> str:
    """With "to" where a dash would look like a minus."""
    return f"{found.value:z.2f} ({found.low:z.2f} to {found.high:z.2f})"


def by_kind(found: pd.DataFrame, values: pd.Series) -> pd.DataFrame:
    """The mean of some values, with intervals: a row for each kind of pair, and for each group of kinds, in bold."""
    rows = found.assign(value=values)
    tested = rows[rows.group != YARDSTICK]
    return pd.DataFrame(
        [_row(f"**{group}**", own) for group, own in rows.groupby("group", sort=False)]
        + [_row("**all but the yardstick**", tested)]
        + [_row(kind, own) for kind, own in tested.groupby("kind", sort=False)]
    )


def _row(kind: str, rows: pd.DataFrame) -> dict[str, object]:
    start = {"kind": kind, "pairs": len(rows) // len(AXES)}
    return start | {axis: with_interval(own.value, own.line) for axis, own in rows.groupby("axis", sort=False)}


def by_tone(found: pd.DataFrame) -> pd.DataFrame:
    """Mean ratings of both versions: a kind turn must stay kind, and a faulty one faulty."""
    means = found[found.group != YARDSTICK].groupby(["tone", "axis"], sort=False)[["before", "after"]].mean()
    cells = (means.before.map("{:.2f}".format) + " -> " + means.after.map("{:.2f}".format)).unstack(sort=False)
    return cells.reset_index()


def markdown(rows: pd.DataFrame) -> str:
    lines = [list(rows.columns), ["---"] * len(rows.columns), *rows.astype(str).to_numpy().tolist()]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines) + "\n"


@click.command(help=__doc__)
@click.option("--model", "folder", type=click.Path(exists=True, path_type=Path), default=MODELS / "tone")
@click.option("--worst", default=0, help="Also list so many pairs of each axis whose rating rises or falls the most.")
def main(folder: Path, worst: int) -> None:
    found = changes(ToneModel.load(folder), pairs())
    print("Mean absolute change of the rating\n")
    print(markdown(by_kind(found, found.change.abs())))
    print("Mean change of the rating, with its sign\n")
    print(markdown(by_kind(found, found.change)))
    print("Share of pairs in which a moment appears or vanishes\n")
    print(markdown(by_kind(found, found.moment.abs())))
    print("Mean ratings of the two versions, by what the turn is\n")
    print(markdown(by_tone(found)))
    for axis, own in found.groupby("axis", sort=False):
        for row in own.sort_values("change", key=abs, ascending=False).head(worst).itertuples():
            print(f"- {axis} {row.change:+.2f} ({row.before:.2f}, {row.kind}, {row.tone}): {row.text}")


if __name__ == "__main__":
    main()
