import random
import re
import sys
import tomllib
from collections import Counter
from pathlib import Path

import pytest

from coach.as_json import call_from_dict
from coach.calls import Call
from coach.tone.examples import labelled_calls
from coach.tone.model import ToneModel

sys.path.insert(0, str(Path(__file__).parents[1] / "benchmarks"))
from damage import bare_and_lower, damages, digits
from fairness import PAIRS, YARDSTICK, changes, pairs
from robustness import HEARD, aligned, error_rate, scripts

ALL = pairs()
SWAPPED = [pair for pair in ALL if pair.kind in ("customer's name", "rep's name")]
CHANCE = random.Random(0)


def words(call: Call) -> list[str]:
    return " ".join(turn.text for turn in call.turns).split()


def test_there_are_many_found_many_kinds_and_none_twice():
    assert sum(pair.group != YARDSTICK for pair in ALL) >= 200
    assert len({pair.calls for pair in ALL}) == len(ALL)
    assert len({pair.kind for pair in ALL}) >= 15


@pytest.mark.parametrize("tone", ["plain", "kind", "faulty"])
def test_each_kind_is_tried_on_turns_of_each_tone(tone):
    assert {pair.kind for pair in ALL} == {pair.kind for pair in ALL if pair.tone == tone}


@pytest.mark.parametrize("tone", ["plain", "kind", "faulty"])
def test_each_name_is_tried_on_turns_of_each_tone(tone):
    names = {name for both in tomllib.loads(PAIRS.read_text("utf-8"))["names"]["pairs"] for name in both}
    said = " ".join(word for pair in SWAPPED if pair.tone == tone for call in pair.calls for word in words(call))
    assert names <= set(re.findall(r"\w+", said))


def test_pairs_differ_in_what_is_tested_alone():
    for pair in ALL:
        before, after = pair.calls
        assert [turn.speaker for turn in before.turns] == [turn.speaker for turn in after.turns]
        assert before.turns[-1].speaker == "rep" and not set("{|}") & set("".join(words(before) + words(after)))
        assert (before.turns[-1] != after.turns[-1] and before.turns[:-1] == after.turns[:-1]) or pair in SWAPPED


def test_swapped_names_are_all_that_differs():
    for pair in SWAPPED:
        said = zip(*map(words, pair.calls), strict=True)
        assert len({tuple(word.strip(".,!?") for word in both) for both in said if both[0] != both[1]}) == 1


def test_forms_of_address_are_added_and_nothing_else_changes():
    for pair in ALL:
        if pair.group == "forms of address":
            before, after = (Counter(bare_and_lower(call.turns[-1].text, CHANCE).split()) for call in pair.calls)
            assert not before - after and 1 <= (after - before).total() <= 3


def test_names_hardly_move_the_ratings_and_faults_stay_faults():
    found = changes(ToneModel.load(), SWAPPED[::6])
    assert (found.change.abs().groupby(found.axis).mean() < 0.1).all()
    means = found.groupby(["tone", "axis"])[["before", "after"]].mean()
    assert (means.loc["kind", "empathy"] > means.loc["faulty", "empathy"] + 0.3).all()
    assert (means.loc["faulty", "condescension"] > means.loc["kind", "condescension"] + 0.3).all()


@pytest.mark.parametrize(
    "said, written",
    [
        ("It's four four one.", "It's 441."),
        ("Eighty three pounds", "83 pounds"),
        ("nine oh two", "nine oh two"),
        ("that one", "that one"),
        ("ten past four", "10 past four"),
    ],
)
def test_numbers_are_written_in_digits(said, written):
    assert digits(said, CHANCE) == written


def test_as_many_words_are_misheard_as_asked_for(labelled):
    calls = labelled_calls(labelled / "dev.jsonl")[::12]
    rates = {name: error_rate(calls, damage) for name, damage in damages(calls).items()}
    assert rates["neither"] == 0
    assert all(rates[f"{share}% misheard"] == pytest.approx(share / 100, rel=0.25) for share in (5, 10, 20))


def test_heard_turns_are_found_in_the_script():
    heard = {call["id"]: call_from_dict(call) for call in labelled_calls(HEARD)}
    assert heard.keys() == scripts().keys()
    for name, script in scripts().items():
        found = aligned(script, heard[name])
        assert len(found) >= 0.8 * sum(turn.speaker == "rep" for turn in script.turns)
        assert all(heard[name].turns[other].speaker == "rep" for other in found.values())
        assert aligned(script, script) == {turn: turn for turn in found}
