"""How good the tone model is on labelled calls, beside a word list, saying nothing, and one rater."""

import random
import re
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from statistics import fmean
from typing import Any, NamedTuple

import pandas as pd

from coach.as_json import call_from_dict
from coach.calls import AXES, Axis, Evidence, Rating
from coach.tone import baselines
from coach.tone.agreement import figures
from coach.tone.curves import abstention, reliability, risk_coverage, unsure_from
from coach.tone.evaluation import Evaluation
from coach.tone.evidence import Removal, Span
from coach.tone.examples import Examples, labelled_calls
from coach.tone.figures import Scores, authors, contrast, load, moments, one_rater, rep_turns, table
from coach.tone.fitting import fit_ratings
from coach.tone.model import ToneModel
from coach.tone.reader import Reading


class Fall(NamedTuple):
    """How far the probability of an axis falls without a piece of evidence, and without as many other words of the
    turn, in a row but for the evidence between them; None where there are not so many."""

    without: float
    beside: float | None


def evaluate(model: ToneModel, path: Path) -> Evaluation:
    """Score the labelled calls of a .jsonl file and compare with their raters and their authors' marks.

    Returns
    -------
    Evaluation
        Average precision and ROC-AUC for a mean rating of 1 or more, quadratic weighted kappa of the rounded rating and
        expected calibration error for each axis; how far moments can be trusted; whether context counts (the `f-`
        pairs); when to say "not sure"; and whether the evidence is faithful.
    """
    return evaluate_calls(model, labelled_calls(path))


def evaluate_calls(model: ToneModel, calls: list[dict[str, Any]]) -> Evaluation:
    """The same for labelled calls that are already read."""
    rated: list[tuple[str, int, dict[str, Any], Rating]] = []
    falls: list[Fall] = []
    for labelled in calls:
        for reading in model.reader.read(call_from_dict(labelled)):
            rating = model.rating(reading)
            rated.append((labelled["id"], reading.turn, labelled["turns"][reading.turn], rating))
            falls += _falls(model, reading, rating)
    rows = table((call, number, turn, rating.scores) for call, number, turn, rating in rated if rating.scores)
    evidence = _evidence_figures([(turn, rating) for *_, turn, rating in rated], falls)
    return compare(calls, rows, model.thresholds, evidence, model.unsure_from)


def leave_one_author_out(model: ToneModel, data: Path, path: Path) -> Evaluation:
    """The honest figure: each author's calls scored by heads trained and calibrated on the others'.

    The author is the letter that a call's id begins with. The scores are those that were kept when the model was
    trained; the evidence is not measured.
    """
    calls = [call for part in ("train", "dev") for call in labelled_calls(data / f"{part}.jsonl")]
    rows = load(path, calls)
    scored = set(rows.call)
    return compare([call for call in calls if call["id"] in scored], rows, model.thresholds, unsure=model.unsure_from)


def unseen(train: Examples, dev: Examples, calls: list[dict[str, Any]]) -> pd.DataFrame:
    """Scores of each author's turns by heads that have seen none of them."""
    labelled = {(call, number): turn for call, number, turn in rep_turns(calls)}
    parts: list[tuple[str, int, Scores]] = []
    for author in sorted({call[0] for call in train.calls}):
        heads = fit_ratings(*(part.only(_not_by(author)) for part in (train, dev)))
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
    unsure: dict[Axis, float] | None = None,
) -> Evaluation:
    """Figures of a table of scores, beside those of what the model is measured against.

    `unsure` is where "not sure" begins on each axis; it is chosen on these very calls where it is not given.
    """
    turns = list(rep_turns(calls))
    systems = {
        "tone model": rows,
        "word list": table((*turn, baselines.word_list(turn[2]["text"])) for turn in turns),
        "always 0": table((*turn, baselines.nothing()) for turn in turns),
        "one rater": one_rater(calls),
    }
    agreement = pd.concat([figures(scored).assign(system=name) for name, scored in systems.items()])
    agreement = agreement.sort_values("axis", key=lambda axis: axis.map(AXES.index), kind="stable")
    lower = unsure or unsure_from(rows, thresholds)
    return Evaluation(
        calls=len(calls),
        turns=len(turns),
        agreement=agreement,
        authors=authors(rows),
        moments=moments(rows, thresholds),
        contrast=contrast(rows),
        reliability=reliability(rows),
        risk_coverage=risk_coverage(rows),
        unsure_from=lower,
        thresholds=thresholds,
        abstention=abstention(rows, lower, thresholds),
        evidence=evidence or {},
    )


def _falls(model: ToneModel, reading: Reading, rating: Rating) -> Iterator[Fall]:
    """How far the probability falls without the words of each piece of evidence, and without as many others."""
    if not rating.scores:
        return
    removal = Removal(model.reader, model.heads, reading, rating.scores)
    words, chance = reading.passage.words, random.Random(reading.turn)
    for axis in AXES:
        own = [e for e in rating.evidence if e.axis == axis]
        spans = [{n for n, (_, start, end) in enumerate(words) if start < e.end and e.start < end} for e in own]
        others = [number for number in range(len(words)) if number not in set().union(*spans)]
        for evidence, span in zip(own, spans, strict=True):
            beside = None
            if len(others) >= len(span):
                first = chance.randint(0, len(others) - len(span))
                gone = [Span(number, number + 1) for number in others[first : first + len(span)]]
                beside = removal.losses([gone])[0][axis].fall
            yield Fall(evidence.weight, beside)


def _evidence_figures(rated: list[tuple[dict[str, Any], Rating]], falls: list[Fall]) -> dict[str, float]:
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
    compared = [fall for fall in falls if fall.beside is not None]
    return {
        "pieces of evidence": len(falls),
        "fall of the probability without one": _mean(fall.without for fall in falls),
        "pieces beside which the turn has as many other words": len(compared),
        "fall without one of these": _mean(fall.without for fall in compared),
        "fall without as many other words": _mean(fall.beside for fall in compared),
        "word F1 with the author's marks": 2 * both / max(shown + marked, 1),
        "behaviour right in clear turns": right / max(clear, 1),
        "turns of probability 0.5 or more that have evidence": covered / max(likely, 1),
    }


def _mean(values: Iterable[float | None]) -> float:
    kept = [value for value in values if value is not None]
    return fmean(kept) if kept else float("nan")


def _words(text: str, spans: list[Any]) -> set[int]:
    """Numbers of the words that spans (ours, or labelled ones) touch."""
    ranges = [(s.start, s.end) if isinstance(s, Evidence) else (s["start"], s["end"]) for s in spans]
    words = enumerate(re.finditer(r"\S+", text))
    return {number for number, word in words if any(word.start() < end and start < word.end() for start, end in ranges)}
