import json
from pathlib import Path
from random import Random
from typing import Any

import pytest

from coach.tone import variants
from coach.tone.variants import ENGLISHES, Voice, varied


@pytest.fixture(scope="module")
def calls(labelled: Path) -> list[dict[str, Any]]:
    with (labelled / "train.jsonl").open(encoding="utf-8") as lines:
        return [json.loads(line) for line, _ in zip(lines, range(50), strict=False)]


@pytest.fixture
def spoken(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(variants, "PRINTED", 0)


def test_the_same_seed_gives_the_same_variant_and_another_seed_another(calls):
    assert varied(calls[0], Random(1)) == varied(calls[0], Random(1)) != varied(calls[0], Random(2))


def test_only_texts_and_the_spans_in_them_change(calls):
    before = json.dumps(calls)
    for call in calls:
        for old, new in zip(call["turns"], varied(call, Random(3))["turns"], strict=True):
            rewritten = old["text"] != new["text"]
            spans = {"spans": []} if rewritten and "spans" in old else {}
            assert new == {**old, "text": new["text"], **spans}
            assert new["text"].strip()
    assert json.dumps(calls) == before


@pytest.mark.parametrize(("speaker", "share"), variants.SHARE.items())
def test_the_stated_share_of_turns_is_said_in_another_voice(calls, spoken, speaker, share):
    pairs = [
        (old["text"], new["text"])
        for seed, call in enumerate(calls)
        for old, new in zip(call["turns"], varied(call, Random(seed))["turns"], strict=True)
        if old["speaker"] == speaker
    ]
    assert sum(old != new for old, new in pairs) / len(pairs) == pytest.approx(share, abs=0.08)


@pytest.mark.parametrize("english", ENGLISHES)
def test_every_english_is_heard_in_a_long_call(calls, english):
    long = max(calls, key=lambda call: sum(len(turn["text"]) for turn in call["turns"]))
    assert any(variants._by_rule(turn["text"], ENGLISHES[english], Random(1)) != turn["text"] for turn in long["turns"])


@pytest.mark.parametrize("write", variants.HANDS)
def test_every_hand_writes_down_the_same_call_otherwise(calls, write):
    texts = [turn["text"] for call in calls for turn in call["turns"]]
    written = [write(text, Random(at)) for at, text in enumerate(texts)]
    assert sum(a != b for a, b in zip(texts, written, strict=True)) > 20


def test_numbers_are_put_in_digits():
    said = "four hundred and twelve pounds, twenty-five a day, no one hundred, just one of them"
    assert variants.in_digits(said, Random(1)) == "412 pounds, 25 a day, no 100, just one of them"


@pytest.mark.parametrize(
    ("english", "said", "other"),
    [
        ("scots", "No, I can't do that.", "No, I cannae do that."),
        ("northern_english", "There was nothing, I thought.", "There was nowt, I thought."),
        ("indian", "Please wait.", "Kindly wait."),
        ("southern_us", "Nothing this morning, Ms. Harding.", "Nothing this mornin', Ms. Harding."),
    ],
)
def test_an_english_keeps_capitals_negations_and_whole_words(english, said, other):
    assert variants._by_rule(said, ENGLISHES[english], Random(1)) == other


def test_a_speaker_keeps_to_the_form_of_address_of_the_call(calls):
    call = {"turns": [{"speaker": "rep", "text": "One moment, pet."}]}
    assert {Voice.of(call, "rep", Random(seed)).address for seed in range(20)} == {"pet"}


def test_a_name_that_was_called_already_is_not_followed_by_another():
    assert Voice(None, "mate").says("Thank you, Daniel.", Random(1)) == "Thank you, Daniel."
