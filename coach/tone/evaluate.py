"""How good the tone model is on labelled calls, beside a word list, saying nothing, and one rater."""

import random
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean
from typing import Any

import pandas as pd
import torch

from coach.calls import AXES, Axis, Evidence, Rating, call_from_dict
from coach.tone import baselines
from coach.tone.examples import Examples, labelled_calls, read_examples
from coach.tone.figures import Scores, contrast, figures, moments, one_rater, rep_turns, table
from coach.tone.fitting import fit_ratings
from coach.tone.heads import Heads, Linear
from coach.tone.model import ToneModel
from coach.tone.reader import Reader, Reading

NO_WORDS = Linear(torch.empty(0), torch.empty(0))


@dataclass(frozen=True, slots=True)
class Evaluation:
    """`agreement` has one row for each system, axis and measure, with its interval; the rest are named figures."""

    calls: int
    turns: int
    agreement: pd.DataFrame
    moments: dict[str, float]
    contrast: dict[str, float]
    evidence: dict[str, float]

    def as_dict(self) -> dict[str, Any]:
        """For JSON."""
        parts = {"calls": self.calls, "turns": self.turns, "agreement": self.agreement.to_dict("records")}
        return parts | {"moments": self.moments, "contrast": self.contrast, "evidence": self.evidence}

    def __str__(self) -> str:
        """Tables to read; they are Markdown too."""
        parts = [f"{self.calls} calls, {self.turns} rep turns; in brackets 95 % intervals, calls resampled", ""]
        parts += _markdown(self._agreement())
        for title in ("moments", "contrast", "evidence"):
            named = getattr(self, title)
            parts += ["", *(f"- {name}: {value:.4g}" for name, value in named.items())]
        return "\n".join(parts)

    def _agreement(self) -> pd.DataFrame:
        cells = self.agreement.assign(
            cell=[f"{r.value:.2f} ({r.low:.2f}-{r.high:.2f})" for r in self.agreement.itertuples()]
        )
        wide = cells.pivot_table(
            index=["axis", "system"], columns="measure", values="cell", aggfunc="first", sort=False
        )
        return wide.reset_index()


def _markdown(rows: pd.DataFrame) -> list[str]:
    lines = [list(rows.columns), ["---"] * len(rows.columns), *rows.fillna("").to_numpy().tolist()]
    return ["| " + " | ".join(line) + " |" for line in lines]


def evaluate(model: ToneModel, path: Path) -> Evaluation:
    """Score the labelled calls of a .jsonl file and compare with their raters and their authors' marks.

    Returns
    -------
    Evaluation
        Average precision and ROC-AUC for a mean rating of 1 or more, quadratic weighted kappa of the rounded rating and
        expected calibration error for each axis; how far moments can be trusted; whether context counts (the `f-`
        pairs); and whether the evidence is faithful.
    """
    calls = labelled_calls(path)
    rated: list[tuple[str, int, dict[str, Any], Rating]] = []
    falls: list[tuple[float, float]] = []
    for labelled in calls:
        for reading in model.reader.read(call_from_dict(labelled)):
            rating = model.rating(reading)
            rated.append((labelled["id"], reading.turn, labelled["turns"][reading.turn], rating))
            falls += _falls(model, reading, rating)
    rows = table((call, number, turn, rating.scores) for call, number, turn, rating in rated if rating.scores)
    evidence = _evidence_figures([(turn, rating) for *_, turn, rating in rated], falls)
    return compare(calls, rows, model.thresholds, evidence)


def leave_one_author_out(data: Path, thresholds: dict[Axis, float]) -> Evaluation:
    """The honest figure: each author's calls scored by heads trained and calibrated on the others'.

    The author is the letter that a call's id begins with. All calls are read once, then the heads are fitted anew for
    each author; the evidence is not measured.
    """
    reader = Reader.load()
    calls = {part: labelled_calls(data / f"{part}.jsonl") for part in ("train", "dev")}
    train, dev = (read_examples(reader, calls[part]) for part in ("train", "dev"))
    both = calls["train"] + calls["dev"]
    return compare(both, unseen(train, dev, both), thresholds)


def unseen(train: Examples, dev: Examples, calls: list[dict[str, Any]]) -> pd.DataFrame:
    """Scores of each author's turns by heads that have seen none of them."""
    labelled = {(call, number): turn for call, number, turn in rep_turns(calls)}
    parts: list[tuple[str, int, Scores]] = []
    for author in sorted({call[0] for call in train.calls}):
        heads = Heads(*fit_ratings(*(part.only(_not_by(author)) for part in (train, dev))), words=NO_WORDS)
        for own in (part.only(_by(author)) for part in (train, dev)):
            parts += zip(own.calls, own.turns, heads.scores(own.features), strict=True)
    return table((call, number, labelled[call, number], scores) for call, number, scores in parts)


def _by(author: str) -> Callable[[str], bool]:
    return lambda call: call.startswith(author)


def _not_by(author: str) -> Callable[[str], bool]:
    return lambda call: not call.startswith(author)


def compare(
    calls: list[dict[str, Any]],
    rows: pd.DataFrame,
    thresholds: dict[Axis, float],
    evidence: dict[str, float] | None = None,
) -> Evaluation:
    """Figures of a table of scores, beside those of what the model is measured against."""
    turns = list(rep_turns(calls))
    systems = {
        "tone model": rows,
        "word list": table((*turn, baselines.word_list(turn[2]["text"])) for turn in turns),
        "always 0": table((*turn, baselines.nothing()) for turn in turns),
        "one rater": one_rater(calls),
    }
    agreement = pd.concat([figures(scored).assign(system=name) for name, scored in systems.items()])
    agreement = agreement.sort_values("axis", key=lambda axis: axis.map(AXES.index), kind="stable")
    return Evaluation(len(calls), len(turns), agreement, moments(rows, thresholds), contrast(rows), evidence or {})


def _falls(model: ToneModel, reading: Reading, rating: Rating) -> list[tuple[float, float]]:
    """For each span of evidence: how far the probability falls without it, and without as many other words."""
    chosen = [evidence for evidence in rating.evidence if evidence.axis]
    if not chosen or not rating.scores:
        return []
    generator = random.Random(reading.turn)
    versions = []
    for evidence in chosen:
        length = len(evidence.text.split())
        first = generator.randint(0, len(reading.passage.words) - length)
        versions.append(reading.passage.without(first, first + length))
    scores = model.heads.scores(model.reader.read_again(reading, versions))
    return [
        (evidence.weight, rating.scores[evidence.axis].probability - after[evidence.axis].probability)
        for evidence, after in zip(chosen, scores, strict=True)
        if evidence.axis
    ]


def _evidence_figures(rated: list[tuple[dict[str, Any], Rating]], falls: list[tuple[float, float]]) -> dict[str, float]:
    both = marked = shown = right = clear = covered = likely = 0
    for turn, rating in rated:
        for axis in AXES if rating.scores else ():
            own = [e for e in rating.evidence if e.axis == axis]
            spans = [s for s in turn["spans"] if s["axis"] == axis]
            if rating.scores and rating.scores[axis].probability >= 0.5:
                likely, covered = likely + 1, covered + bool(own)
            if own and spans:
                ours, theirs = _words(turn["text"], own), _words(turn["text"], spans)
                both, shown, marked = both + len(ours & theirs), shown + len(ours), marked + len(theirs)
                if fmean(turn["ratings"][axis]) >= 2:
                    best = max(own, key=lambda e: e.weight).behaviour
                    clear, right = clear + 1, right + (best in {s["behaviour"] for s in spans})
    return {
        "spans": len(falls),
        "fall of the probability without the marked words": fmean(fall for fall, _ in falls),
        "fall without as many words at random": fmean(fall for _, fall in falls),
        "word F1 with the author's marks": 2 * both / max(shown + marked, 1),
        "behaviour right in clear turns": right / max(clear, 1),
        "turns of probability 0.5 or more that have evidence": covered / max(likely, 1),
    }


def _words(text: str, spans: list[Any]) -> set[int]:
    """Numbers of the words that spans (ours, or labelled ones) touch."""
    ranges = [(s.start, s.end) if isinstance(s, Evidence) else (s["start"], s["end"]) for s in spans]
    words = enumerate(re.finditer(r"\S+", text))
    return {number for number, word in words if any(word.start() < end and start < word.end() for start, end in ranges)}
