import json
import sys
from pathlib import Path

import pandas as pd
import pytest
from click.testing import CliRunner

from coach.tone.examples import labelled_calls

sys.path.insert(0, str(Path(__file__).parents[1] / "benchmarks"))
from tone_search import Search, main
from tuning import targets


@pytest.fixture(scope="module")
def few(labelled: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A short call of each of five authors, and one of dev; the authors a and e are in the first fold."""
    folder = tmp_path_factory.mktemp("few")
    for part, letters in (("train", "abcde"), ("dev", "b")):
        calls = sorted(labelled_calls(labelled / f"{part}.jsonl"), key=lambda call: len(json.dumps(call)))
        first = [next(call for call in calls if call["id"].startswith(letter)) for letter in letters]
        (folder / f"{part}.jsonl").write_text("\n".join(map(json.dumps, first)))
    return folder


def scores(few: Path, *arguments: str) -> pd.Series:
    """The probabilities of the first fold's turns that a command keeps."""
    arguments = ("--data", str(few), "--out", str(few / "out"), "--fold", "0", *arguments)
    known = set((few / "out").glob("*.gz"))
    CliRunner().invoke(main, arguments, catch_exceptions=False, standalone_mode=False)
    (kept,) = set((few / "out").glob("*.gz")) - known
    return pd.read_csv(kept).set_index(["call", "turn", "axis"]).probability.sort_index()


def test_every_way_rates_the_same_turns_of_authors_that_it_has_not_seen(few):
    layers, ridge = ("--heard", "1", "--heard", "2"), ("--head", "ridge", "--ridge", "0.03")
    probe = scores(few, "probe", *layers, *ridge)
    assert set(probe.index.get_level_values("call").str[0]) == set("ae")
    distil = scores(few, "distil", "--small", "1", "--small", "2", "--heard", "2", *ridge, "--trust", "0")
    # A teacher who is not trusted teaches nothing.
    assert distil.to_numpy() == pytest.approx(probe.to_numpy(), abs=1e-3)
    one_step = ("lora", *layers, "--from-layer", "1", "--epochs", "1", "--calls-a-step", "9", "--marks", "0.3")
    tuned = scores(few, *one_step)
    assert tuned.index.equals(probe.index)
    # Adapters start from what the frozen states say, and one step at the slowest pace changes it by little.
    assert 0 < abs(tuned - probe).max() < 0.1
    mean = scores(few, "average", *map(str, sorted((few / "out").glob("*.gz"))))
    assert mean.to_numpy() == pytest.approx((probe + distil + tuned).to_numpy() / 3, abs=1e-4)


def test_nothing_is_learned_from_the_held_out_authors_nor_from_dev(few):
    calls, dev = (labelled_calls(few / f"{part}.jsonl") for part in ("train", "dev"))
    seen = []

    def learn(train, test, seed):
        seen.extend(call["id"] for call in train)
        return targets(test)

    Search(calls + dev, frozenset(call["id"] for call in dev), few, (0,), (0,)).rated(learn, "ae", 0)
    assert sorted(seen) == sorted(call["id"] for call in calls if call["id"][0] in "bcd")
