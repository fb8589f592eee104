"""Is the evidence faithful? What a score loses without the marked words, beside as many other words of the turn.

    python benchmarks/evidence.py [CALLS.jsonl] [--every N] [--gradients]

CALLS.jsonl are labelled calls (dev unless told otherwise). All ways of finding evidence mark the same turns, those
whose P(rating >= 1) on an axis is at least a half, and clauses of about as many words as ours marks, best first:

ours              as shipped: proposed by the word head, proven by taking them out
word head         the clauses whose words stand out most, without proof
every clause out  each clause is taken out, none is proposed
gradients         (`--gradients`, needs captum) of the log-odds, by the embeddings of the tokens: integrated
                  (Sundararajan et al., 2017), from the mean embedding in 16 steps, and times the input
random            any clauses

fall              how far the probability falls without the marked words ("comprehensiveness", DeYoung et al., 2020)
kept              how far it falls when nothing but the marked words is kept ("sufficiency"; the less, the better)
best, others      how far it falls without the best of the marked clauses, at most half of the turn's words, and
                  without as many other words in a row (the mean of four draws); where there is such a clause
area              mean fall while clause after clause is taken out, best first, over the share of words that are out
word F1, kappa    agreement with the words that the author marked, and beyond chance (marking all words: kappa 0)
behaviour         named as the author did, in turns that are clear (raters' mean of 2 or more)

In brackets 95 % intervals, calls resampled.
"""

import copy
import random
import sys
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import accumulate
from pathlib import Path
from statistics import fmean
from typing import Any

import click
import numpy as np
import pandas as pd
import torch
from torch import Tensor
from tqdm import tqdm

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from coach.as_json import call_from_dict  # noqa: E402
from coach.calls import AXES, Axis, Evidence, Score  # noqa: E402
from coach.tone.evidence import OF_AXIS, Removal, Span, clauses  # noqa: E402
from coach.tone.examples import labelled_calls  # noqa: E402
from coach.tone.heads import BEHAVIOUR_NAMES, LEVELS  # noqa: E402
from coach.tone.model import ToneModel  # noqa: E402
from coach.tone.reader import Reading, summary  # noqa: E402

DEV = ROOT / "data" / "service_calls" / "dev.jsonl"
LIKELY, CLEAR, DRAWS, STEPS, AT_ONCE, RESAMPLES = 0.5, 2, 4, 16, 16, 200
LENGTHS = [0, 12, 25, 1000]
Words = frozenset[int]


@dataclass(frozen=True)
class Case:
    """One axis of a rep turn that is probably rated 1 or more, and what falls without which words."""

    model: ToneModel
    reading: Reading
    scores: dict[Axis, Score]
    evidence: tuple[Evidence, ...]
    axis: Axis
    labelled: dict[str, Any]
    falls: dict[Words, float] = field(default_factory=dict)

    @property
    def words(self) -> Words:
        return frozenset(range(len(self.reading.passage.words)))

    @property
    def chances(self) -> Tensor:
        return self.model.heads.behaviours(self.reading.word_states, self.reading.features)[:, OF_AXIS[self.axis]]

    def within(self, spans: Iterable[tuple[int, int]]) -> Words:
        """Numbers of the words that characters `start` to `end` touch."""
        words, ranges = enumerate(self.reading.passage.words), list(spans)
        return frozenset(n for n, (_, a, b) in words if any(a < end and start < b for start, end in ranges))

    def read(self, removals: Iterable[Words]) -> None:
        """Read the turn again without the words of each removal."""
        removal = Removal(self.model.reader, self.model.heads, self.reading, self.scores)
        asked = sorted({words for words in removals if words} - self.falls.keys(), key=sorted)
        for first in range(0, len(asked), AT_ONCE):
            some = asked[first : first + AT_ONCE]
            losses = removal.losses([[Span(word, word + 1) for word in sorted(words)] for words in some])
            self.falls.update((words, loss[self.axis].fall) for words, loss in zip(some, losses, strict=True))
        self.falls[Words()] = 0.0


Order = list[Words]  # parts of a turn, the best first
Way = Callable[[Case], Order]


def ours(case: Case) -> Order:
    """The evidence, the heaviest first, and then what else there is."""
    own = sorted((e for e in case.evidence if e.axis == case.axis), key=lambda e: -e.weight)
    shown = [case.within([(e.start, e.end)]) for e in own]
    rest = [part - Words().union(*shown) for part in word_head(case)]
    return shown + [part for part in rest if part]


def by(value: Callable[[Case, Words], float]) -> Way:
    def order(case: Case) -> Order:
        parts = [Words(range(*span)) for span in clauses(case.reading.passage)]
        return sorted(parts, key=lambda part: value(case, part), reverse=True)

    return order


def every_clause_out(case: Case) -> Order:
    case.read(Words(range(*span)) for span in clauses(case.reading.passage))
    return by(lambda case, part: case.falls[part])(case)


def gradients(method: Callable[..., Tensor]) -> Way:
    def order(case: Case) -> Order:
        values = attributed(case, method)
        return by(lambda _, part: sum(values[word] for word in part))(case)

    return order


def attributed(case: Case, method: Callable[..., Tensor]) -> list[float]:
    """What each word adds to the log-odds of the axis, by an attribution method of captum."""
    reader, reading, level = case.model.reader, case.reading, len(LEVELS) * AXES.index(case.axis)
    ids, ends = reader._tokens("rep", reading.passage.spoken)
    llama, memory = copy.copy(reader.llama), [(keys.clone(), values.clone()) for keys, values in reading.memory]
    read_on = type(llama).read_on.__wrapped__  # type: ignore[attr-defined]  # without inference mode

    def log_odds(versions: Tensor) -> Tensor:
        llama.embeddings = versions.flatten(0, 1)
        places = torch.arange(len(llama.embeddings)).split(len(ids))
        hidden = read_on(llama, memory, [(reading.start, place) for place in places])
        slopes, shifts = case.model.heads.mean
        return (case.model.heads.jury(torch.stack([summary(states) for states in hidden])) * slopes + shifts)[:, level]

    embeddings = reader.llama.embeddings[torch.tensor(ids)]
    by_token = method(log_odds, embeddings[None], reader.llama.embeddings.mean(0).expand_as(embeddings)[None])[0].sum(1)
    firsts = [0, *(end + 1 for end in ends)]
    return [by_token[first : end + 1].sum().item() for first, end in zip(firsts, ends, strict=False)]


def integrated(log_odds: Callable, inputs: Tensor, baseline: Tensor) -> Tensor:
    from captum.attr import IntegratedGradients

    return IntegratedGradients(log_odds).attribute(inputs, baseline, n_steps=STEPS, internal_batch_size=8).float()


def times_input(log_odds: Callable, inputs: Tensor, baseline: Tensor) -> Tensor:
    from captum.attr import InputXGradient

    return InputXGradient(log_odds).attribute(inputs.clone().requires_grad_())


WAYS: dict[str, Way] = {
    "ours": ours,
    "word head": by(lambda case, part: case.chances[sorted(part)].amax(1).mean().item()),
    "every clause out": every_clause_out,
    "random": by(lambda case, part: random.random()),
}
GRADIENTS: dict[str, Way] = {"integrated gradients": gradients(integrated), "input x gradient": gradients(times_input)}
word_head = WAYS["word head"]


def cases(model: ToneModel, labelled: dict[str, Any]) -> Iterator[Case]:
    for reading in model.reader.read(call_from_dict(labelled)):
        rating = model.rating(reading)
        for axis, score in (rating.scores or {}).items():
            if score.probability >= LIKELY:
                turn = labelled["turns"][reading.turn]
                yield Case(model, reading, rating.scores or {}, rating.evidence, axis, turn)


def measured(case: Case, ways: dict[str, Way]) -> Iterator[dict[str, Any]]:
    """One row for each way."""
    size = sum(len(case.within([(e.start, e.end)])) for e in case.evidence if e.axis == case.axis)
    orders = {way: find(case) for way, find in ways.items()}
    marks = {way: _filled(order, size) for way, order in orders.items()}
    best = {way: _up_to(order, min(size, len(case.words) // 2)) for way, order in orders.items()}
    others = {way: _others(case.words, some) for way, some in best.items()}
    prefixes = {way: [Words().union(*order[:n]) for n in range(1, len(order) + 1)] for way, order in orders.items()}
    for way, marked in marks.items():
        case.read([marked, case.words - marked, best[way], *others[way], *prefixes[way]])
        yield {
            "way": way,
            "axis": case.axis,
            "words": len(case.words),
            "marked": len(marked),
            "fall": case.falls[marked],
            "kept": case.falls[case.words - marked],
            "best": case.falls[best[way]] if others[way] else np.nan,
            "others": fmean(case.falls[some] for some in others[way]) if others[way] else np.nan,
            "area": _area(case, prefixes[way]),
        } | _agreement(case, marked, orders[way][0])


def _filled(order: Order, size: int) -> Words:
    """The best parts, as long as they bring the number of words nearer to `size`."""
    marked = order[0]
    for part in order[1:]:
        if abs(len(marked) + len(part) - size) >= abs(len(marked) - size):
            break
        marked |= part
    return marked


def _up_to(order: Order, most: int) -> Words:
    """The best parts, as long as they have no more than so many words together."""
    sizes = accumulate(map(len, order))
    return Words().union(*(part for part, size in zip(order, sizes, strict=True) if size <= most))


def _others(words: Words, best: Words) -> list[Words]:
    """As many other words, in a row but for the best ones that lie between them; some at random."""
    free = sorted(words - best)
    firsts = range(len(free) - len(best) + 1) if best else range(0)
    return [Words(free[i : i + len(best)]) for i in random.sample(firsts, min(DRAWS, len(firsts)))]


def _area(case: Case, prefixes: Sequence[Words]) -> float:
    shares = [0.0, *(len(words) / len(case.words) for words in prefixes)]
    return float(np.trapezoid([0.0, *(case.falls[words] for words in prefixes)], shares))


def _agreement(case: Case, marked: Words, best: Words) -> dict[str, Any]:
    spans = [span for span in case.labelled["spans"] if span["axis"] == case.axis]
    gold = case.within((span["start"], span["end"]) for span in spans)
    if not gold:
        return {}
    found = {"both": len(marked & gold), "shown": len(marked), "gold": len(gold), "of": len(case.words)}
    if fmean(case.labelled["ratings"][case.axis]) < CLEAR:
        return found
    named = BEHAVIOUR_NAMES[OF_AXIS[case.axis][int(case.chances[sorted(best)].amax(0).argmax())]]
    marks = [span["behaviour"] for span in spans]
    return found | {"named": named, "marked as": marks[0], "right": float(named in marks)}


def figures(rows: pd.DataFrame) -> dict[str, float]:
    here = rows.dropna(subset="others")
    both, shown, gold, words = rows[["both", "shown", "gold", "of"]].sum()
    chance = (shown * gold + (words - shown) * (words - gold)) / words**2
    return {
        "words marked": rows.marked.sum() / rows.words.sum(),
        "fall": rows.fall.mean(),
        "kept": rows.kept.mean(),
        "best": here.best.mean(),
        "others": here.others.mean(),
        "difference": (here.best - here.others).mean(),
        "area": rows.area.mean(),
        "word F1": 2 * both / (shown + gold),
        "kappa": ((words - shown - gold + 2 * both) / words - chance) / (1 - chance) if chance < 1 else np.nan,
        "behaviour": rows.right.mean(),
    }


def with_intervals(rows: pd.DataFrame) -> dict[str, str]:
    calls = [own for _, own in rows.groupby("call")]
    generator = np.random.default_rng(0)
    drawn = pd.DataFrame(
        figures(pd.concat([calls[i] for i in generator.integers(len(calls), size=len(calls))]))
        for _ in range(RESAMPLES)
    )
    low, high = drawn.quantile(0.025), drawn.quantile(0.975)
    return {name: f"{value:.2f} ({low[name]:.2f}-{high[name]:.2f})" for name, value in figures(rows).items()}


def markdown(rows: Iterable[dict[str, Any]]) -> str:
    found = pd.DataFrame(rows).fillna("")
    lines = [list(found.columns), ["---"] * len(found.columns), *found.astype(str).to_numpy().tolist()]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


@click.command(help=__doc__)
@click.argument("path", type=click.Path(exists=True, path_type=Path), default=DEV)
@click.option("--every", default=1, show_default=True, help="Only each n-th call.")
@click.option("--gradients", "with_gradients", is_flag=True, help="Gradients as well; needs captum.")
def main(path: Path, every: int, with_gradients: bool) -> None:
    random.seed(0)
    model, ways = ToneModel.load(), WAYS | (GRADIENTS if with_gradients else {})
    rows, proven = [], []
    for labelled in tqdm(labelled_calls(path)[::every], unit="call", disable=None):
        for case in cases(model, labelled):
            proven.append(any(e.axis == case.axis for e in case.evidence))
            if proven[-1]:
                rows += [{"call": labelled["id"]} | row for row in measured(case, ways)]
    report(pd.DataFrame(rows), proven)


def report(rows: pd.DataFrame, proven: Sequence[bool]) -> None:
    own = rows[rows.way == "ours"]
    print(f"{len(proven)} turns and axes of probability {LIKELY} or more; {fmean(proven):.1%} have evidence, and here")
    print(f"{len(own)} are compared, {own.others.notna().sum()} of them with other words\n")
    print(markdown({"way": way} | with_intervals(some) for way, some in rows.groupby("way", sort=False)) + "\n")
    lengths = own.groupby(pd.cut(own.words, LENGTHS), observed=True)
    print(
        markdown(
            {"words in the turn": str(range_), "turns": len(some)} | with_intervals(some) for range_, some in lengths
        )
    )
    wrong = own[own.right == 0]
    counts = Counter(zip(wrong.named, wrong["marked as"], strict=True)).most_common(8)
    print("\nOtherwise named:", ", ".join(f"{named} for {marked} ({n})" for (named, marked), n in counts))


if __name__ == "__main__":
    main()
