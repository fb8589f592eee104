"""Do the scores hold up when the transcriber errs?

    python benchmarks/robustness.py [LABELLED] [--every N] [--seeds N] [--listen]

LABELLED is a file of labelled calls. They are scored as they are, and again with every turn of both speakers damaged:
without case or punctuation, with numbers in digits, and with so many of the words misheard: replaced by words that
sound or look alike (`counterfactuals/misheard.toml`, else the nearest in spelling among these calls' words), short ones
dropped half the time, as many sentences run together or broken. Printed, in Markdown: what that costs in average
precision (for a mean rating of 1 or more), and how far it moves the ratings and the moments. In brackets 95 %
intervals, calls resampled.

Last, real speech: our spoken sample calls as our transcriber hears them, beside their scripts. `--listen` transcribes
them anew.
"""

import json
import random
import re
import sys
import tomllib
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from itertools import chain, groupby
from pathlib import Path
from typing import Any

import click
import jiwer
import numpy as np
import pandas as pd
import torch
from damage import Damage, bare_and_lower, damages
from fairness import markdown, spelled, with_interval
from rapidfuzz.distance import Levenshtein
from sklearn.metrics import average_precision_score

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from coach.as_json import call_from_dict, call_to_dict  # noqa: E402
from coach.calls import AXES, Axis, Call, Score, Turn  # noqa: E402
from coach.cli import DATA  # noqa: E402
from coach.listen import listen, load_engine  # noqa: E402
from coach.tone.agreement import estimate, resampled  # noqa: E402
from coach.tone.examples import labelled_calls  # noqa: E402
from coach.tone.figures import moments, table  # noqa: E402
from coach.tone.model import ToneModel  # noqa: E402
from coach.weights import MODELS  # noqa: E402

HEARD = Path(__file__).parent / "counterfactuals" / "heard.jsonl"
RESAMPLES = 200


def damaged(labelled: dict[str, Any], damage: Damage, seed: int) -> Call:
    call = call_from_dict(labelled)
    chance = random.Random(f"{seed} {call.id}")
    return replace(call, turns=tuple(replace(turn, text=damage(turn.text, chance)) for turn in call.turns))


def scored(model: ToneModel, call: Call) -> dict[int, dict[Axis, Score]]:
    """Scores of each rep turn, without the evidence."""
    readings = list(model.reader.read(call))
    scores = model.heads.scores(torch.stack([reading.features for reading in readings]))
    return {reading.turn: own for reading, own in zip(readings, scores, strict=True)}


def rows_of(model: ToneModel, calls: list[dict[str, Any]], damage: Damage, seed: int = 0) -> pd.DataFrame:
    return table(
        (labelled["id"], turn, labelled["turns"][turn], scores)
        for labelled in calls
        for turn, scores in scored(model, damaged(labelled, damage, seed)).items()
    )


def error_rate(calls: list[dict[str, Any]], damage: Damage) -> float:
    """Word error rate of the damage, case and punctuation aside."""
    both = [(call_from_dict(call), damaged(call, damage, 0)) for call in calls]
    said, heard = (
        [bare_and_lower(turn.text, random.Random()) for pair in both for turn in pair[side].turns] for side in (0, 1)
    )
    return jiwer.wer(said, heard)


def lost_precision(rows: pd.DataFrame) -> str:
    """Average precision of one axis, and what is lost of that on the undamaged calls."""
    number, calls = pd.factorize(rows.call)
    found = _precision(rows, "probability")
    lost = _precision(rows, "clean") - found
    drawn = [
        _precision(rows, "clean", weights) - _precision(rows, "probability", weights)
        for weights in resampled(len(calls), RESAMPLES)[:, number]
    ]
    return f"{found:.2f}, loss {spelled(estimate(lost, np.array(drawn)))}"


def _precision(rows: pd.DataFrame, column: str, weights: np.ndarray | None = None) -> float:
    return average_precision_score(rows.truth >= 1, rows[column], sample_weight=weights)


def compared(clean: pd.DataFrame, runs: list[pd.DataFrame], thresholds: dict[Axis, float]) -> pd.DataFrame:
    """The runs' rows beside those of the undamaged calls."""
    beside = [run.assign(clean=clean.probability, change=(run.rating - clean.rating).abs()) for run in runs]
    rows = pd.concat(beside, ignore_index=True)
    limit = rows.axis.map(thresholds)
    return rows.assign(moment=(rows.probability >= limit) != (rows.clean >= limit))


def dev_report(model: ToneModel, calls: list[dict[str, Any]], seeds: int) -> None:
    clean = rows_of(model, calls, lambda text, _: text)
    measures: dict[str, Callable[[pd.DataFrame], str]] = {
        "average precision": lost_precision,
        "mean absolute change of the rating": lambda own: with_interval(own.change, own.call),
        "share of turns in which a moment appears or vanishes": lambda own: with_interval(own.moment, own.call),
    }
    tables: dict[str, list[dict[str, str]]] = {title: [] for title in measures}
    shown = [{"damage": "none"} | _moments(clean, model.thresholds)]
    for name, damage in damages(calls).items():
        runs = [rows_of(model, calls, damage, seed) for seed in range(seeds if "misheard" in name else 1)]
        rows = compared(clean, runs, model.thresholds)
        start = {"damage": name, "word error rate": f"{error_rate(calls, damage):.2f}"}
        for title, measure in measures.items():
            tables[title].append(start | {axis: measure(own) for axis, own in rows.groupby("axis", sort=False)})
        shown.append({"damage": name} | _moments(runs[0], model.thresholds))
    undamaged = {axis: f"{_precision(own, 'probability'):.2f}" for axis, own in clean.groupby("axis")}
    tables["average precision"].insert(0, {"damage": "none", "word error rate": "0.00"} | undamaged)
    print(f"{len(calls)} calls, {len(clean) // len(AXES)} rep turns\n")
    for title, found in (tables | {"moments": shown}).items():
        print(f"{title.capitalize()}\n\n{markdown(pd.DataFrame(found))}")


def _moments(rows: pd.DataFrame, thresholds: dict[Axis, float]) -> dict[str, str]:
    found = moments(rows, thresholds)
    wanted = ("top three giveaways right", "giveaways a call", "false giveaways in a call without fault")
    return {name: str(found[name]) for name in wanted}


def scripts() -> dict[str, Call]:
    """The sample calls as they were written."""
    found = {}
    for path in sorted((ROOT / "samples" / "scripts").glob("*.toml")):
        lines = tomllib.loads(path.read_text(encoding="utf-8"))["lines"]
        said = [(speaker, line[speaker]) for line in lines for speaker in ("rep", "customer") if speaker in line]
        turns = [
            Turn(speaker, re.sub(r"\[([^\]]+)\]\([^)]*\)", r"\1", " ".join(text for _, text in group)))
            for speaker, group in groupby(said, key=lambda line: line[0])
        ]
        found[path.stem] = Call(path.stem, tuple(turns))
    return found


def hear() -> None:
    engine = load_engine()
    recordings = (path for path in sorted((ROOT / "samples" / "calls").iterdir()) if path.suffix != ".csv")
    calls = [call_to_dict(replace(listen(path, engine), recording=path.name)) for path in recordings]
    HEARD.write_text("".join(json.dumps(_rounded(call)) + "\n" for call in calls), encoding="utf-8")


def _rounded(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _rounded(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_rounded(item) for item in value]
    return round(value, 3) if isinstance(value, float) else value


def aligned(script: Call, heard: Call) -> dict[int, int]:
    """For each rep turn of the script, the heard turn that has most of its words, where it has half of them."""
    said, written = (_rep_words(call) for call in (script, heard))
    shared: Counter[tuple[int, int]] = Counter()
    for block in Levenshtein.opcodes([word for _, word in said], [word for _, word in written]):
        if block.tag == "equal":
            pairs = zip(said[block.src_start : block.src_end], written[block.dest_start : block.dest_end], strict=True)
            shared.update((turn, other) for (turn, _), (other, _) in pairs)
    lengths = Counter(turn for turn, _ in said)
    # Sorted by count, so that the best partner of a turn comes last and stays.
    ordered = sorted(shared.items(), key=lambda item: item[1])
    return {turn: other for (turn, other), count in ordered if count >= lengths[turn] / 2}


def _rep_words(call: Call) -> list[tuple[int, str]]:
    turns = [(number, turn.text) for number, turn in enumerate(call.turns) if turn.speaker == "rep"]
    return [(number, word) for number, text in turns for word in bare_and_lower(text, random.Random()).split()]


def speech_report(model: ToneModel) -> None:
    rows, turns = [], 0
    written = scripts()
    heard_calls = [call_from_dict(heard) for heard in labelled_calls(HEARD)]
    for heard in heard_calls:
        script = written[heard.id]
        before, after = scored(model, script), scored(model, heard)
        turns += len(before)
        for turn, other in aligned(script, heard).items():
            for axis in AXES:
                pair = before[turn][axis], after[other][axis]
                shown = [score.probability >= model.thresholds[axis] for score in pair]
                texts = script.turns[turn].text, heard.turns[other].text
                rows.append((heard.id, axis, pair[1].rating - pair[0].rating, shown[1] - shown[0], *texts))
    found = pd.DataFrame(rows, columns=["call", "axis", "change", "moment", "script", "heard"])
    words = [[word for _, word in _rep_words(call)] for call in chain(written.values(), heard_calls)]
    said, caught = (" ".join(chain(*half)) for half in (words[: len(written)], words[len(written) :]))
    print(
        f"{len(found) // len(AXES)} of {turns} rep turns found again; word error rate {jiwer.wer(said, caught):.2f}\n"
    )
    lines = [
        {"axis": axis, "mean absolute change of the rating": with_interval(own.change.abs(), own.call)}
        | {"moments that appear": (own.moment > 0).sum(), "vanish": (own.moment < 0).sum()}
        for axis, own in found.groupby("axis", sort=False)
    ]
    print(markdown(pd.DataFrame(lines)))
    for row in found[found.moment != 0].itertuples():
        print(f"- {row.axis} {'appears' if row.moment > 0 else 'vanishes'} in {row.call}: {row.script} -> {row.heard}")


@click.command(help=__doc__)
@click.argument("labelled", type=click.Path(path_type=Path), default=ROOT / DATA / "dev.jsonl")
@click.option("--model", "folder", type=click.Path(exists=True, path_type=Path), default=MODELS / "tone")
@click.option("--every", default=1, show_default=True, help="Only each n-th call.")
@click.option("--seeds", default=3, show_default=True, help="So many runs of each random damage.")
@click.option("--listen", "anew", is_flag=True, help="Transcribe the sample calls anew.")
def main(labelled: Path, folder: Path, every: int, seeds: int, anew: bool) -> None:
    if anew:
        hear()
    model = ToneModel.load(folder)
    dev_report(model, labelled_calls(labelled)[::every], seeds)
    print("Real speech: the sample calls, as written and as heard\n")
    speech_report(model)


if __name__ == "__main__":
    main()
