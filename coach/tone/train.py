"""Trains the tone model's heads on labelled calls. The language model itself stays as it is."""

import hashlib
import json
import math
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path

import numpy as np
import pandas as pd

from coach.calls import AXES, Axis
from coach.tone import figures
from coach.tone.card import card
from coach.tone.curves import unsure_from
from coach.tone.evaluate import compare, evaluate, unseen
from coach.tone.examples import labelled_calls, read_changes, read_examples
from coach.tone.figures import GIVEAWAYS
from coach.tone.fitting import fit_heads
from coach.tone.heads import Heads
from coach.tone.llama import GGUF_SHA256, smollm2
from coach.tone.model import ToneModel
from coach.tone.reader import Reader

HEARD = {"best": (12, 15, 18), "fast": (6, 9)}  # layers of the language model; the last is the last that is run
FAULTLESS_CALLS_AN_ACCUSATION = 10
STRENGTHS_RIGHT = 0.8  # share of the shown strengths that the raters' mean should confirm


def train(data: Path, out: Path, size: str = "best", report: Callable[[str], None] = print) -> None:
    """Train the heads on `data`/train.jsonl, calibrate them on `data`/dev.jsonl, and save the model in `out`.

    Takes about an hour and a half on 2 cores: the calls are read with the language model, each twice, once as it is and
    once in other words (`variants`), between which the scores should not move; then the heads are fitted once for each
    author. The result is the same each time.

    Parameters
    ----------
    data
        A folder with `train.jsonl` and `dev.jsonl`, labelled calls as in the data card.
    out
        Where `heads.safetensors`, `config.json`, `unseen.csv.gz` (scores of each author's calls by
        heads that have seen none of them), their `SHA256SUMS` and the model card are put.
    size
        "best" or "fast": how much of the language model is used.
    report
        Told, in a line each, what is being done.

    Raises
    ------
    InputError
        Where the data are missing or not as the data card describes them.
    """
    reader = Reader(smollm2(HEARD[size]))
    calls = {part: labelled_calls(data / f"{part}.jsonl") for part in ("train", "dev")}
    report(f"reading {len(calls['train'])} calls to learn from, and {len(calls['dev'])} to check on")
    learned, checked = (read_examples(reader, calls[part]) for part in ("train", "dev"))
    report("reading those to learn from in other words")
    learned = read_changes(reader, calls["train"], learned)
    report("fitting the heads")
    heads = fit_heads(learned, checked)
    report("fitting them again without each author, to measure")
    both = calls["train"] + calls["dev"]
    rows = unseen(learned, checked, both)
    save(out, heads, HEARD[size], chosen(rows), rows, data)
    report("measuring, for the model card")
    model = ToneModel.load(out)
    honest = compare(both, rows, model.thresholds, unsure=model.unsure_from)
    (out / "README.md").write_text(card(HEARD[size], honest, evaluate(model, data / "dev.jsonl")))


def chosen(rows: pd.DataFrame) -> dict[str, dict[Axis, float]]:
    """From which probability a turn is shown as a moment, and from which one is not sure.

    `rows` are scored by heads that have not seen the turns' authors, as `unseen` makes them.
    """
    shown = thresholds(rows)
    return {"thresholds": shown, "unsure_from": unsure_from(rows, shown)}


def thresholds(rows: pd.DataFrame) -> dict[Axis, float]:
    """From which probability a turn is worth showing as a moment.

    For giveaways: the lowest at which calls without fault (none of their turns is rated 1 or more on condescension or
    impatience) are accused no oftener than once in `FAULTLESS_CALLS_AN_ACCUSATION` calls. For strengths: the lowest at
    which `STRENGTHS_RIGHT` of them are rated 1 or more.
    """
    chances, truth = (rows.pivot(index=["call", "turn"], columns="axis", values=v) for v in ("probability", "truth"))
    rated, faults = truth >= 1, list(GIVEAWAYS)
    faulty = rated[faults].any(axis=1).groupby("call").transform("any")
    accused = chances.loc[~faulty, faults].max(axis=1)
    giveaway = _above(accused, accused.index.unique("call").size // FAULTLESS_CALLS_AN_ACCUSATION)
    kindest = chances.empathy.sort_values(ascending=False)
    right = rated.empathy[kindest.index].expanding().mean().to_numpy()
    strength = _above(kindest, int(np.flatnonzero(right >= STRENGTHS_RIGHT).max()) + 1)
    return dict(zip(AXES, (giveaway, giveaway, strength), strict=True))


def _above(chances: pd.Series, number: int) -> float:
    """A round probability that no more than `number` of the chances exceed, and never below a half."""
    falling = chances.sort_values(ascending=False).to_numpy()
    return max(0.5, math.ceil(falling[number] * 100) / 100) if number < len(falling) else 0.5


def save(
    out: Path,
    heads: Heads,
    heard: tuple[int, ...],
    chosen: dict[str, dict[Axis, float]],
    rows: pd.DataFrame,
    data: Path,
) -> None:
    """Put the model's files and their checksums in a folder."""
    out.mkdir(parents=True, exist_ok=True)
    heads.save(out / "heads.safetensors")
    figures.save(rows, out / "unseen.csv.gz")
    config = {
        "base": {"name": "SmolLM2-135M-Instruct", "gguf_sha256": GGUF_SHA256, "heard": heard},
        **chosen,
        "data_sha256": {name: _sha256(data / name) for name in ("train.jsonl", "dev.jsonl")},
        "versions": {package: version(package) for package in ("torch", "tokenizers", "safetensors")},
    }
    (out / "config.json").write_text(json.dumps(config, indent=2) + "\n")
    names = ("config.json", "heads.safetensors", "unseen.csv.gz")
    (out / "SHA256SUMS").write_text("".join(f"{_sha256(out / name)}  {name}\n" for name in names))


def _sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()
