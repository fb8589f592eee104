from itertools import pairwise
from types import SimpleNamespace
from typing import Any

import pytest
import torch

from coach.as_json import call_from_dict
from coach.calls import AXES, Call, Score, Turn, Word
from coach.tone import evidence
from coach.tone.evidence import OF_AXIS, Removal, Span, clauses
from coach.tone.examples import labelled_calls
from coach.tone.heads import BEHAVIOUR_NAMES
from coach.tone.model import ToneModel
from coach.tone.reader import legible


@pytest.fixture(scope="module")
def model() -> ToneModel:
    return ToneModel.load()


def parts(text: str) -> list[str]:
    passage = legible(Turn("rep", text))
    return [" ".join(passage.spoken[first:end]) for first, end in clauses(passage)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Okay.", ["Okay."]),
        ("Well, obviously, it's right there. Bye.", ["Well, obviously, it's right there.", "Bye."]),
        (
            "Two weeks without heating, I'd be worn out too, so let me look, right now, whether I can send a man.",
            ["Two weeks without heating, I'd be worn out too,", "so let me look, right now, whether I can send a man."],
        ),
        ('He said "no." I know', ['He said "no."', "I know"]),
    ],
)
def test_a_turn_is_parted_where_it_can_be_quoted(text, expected):
    assert parts(text) == expected


def test_a_long_breath_is_parted_before_a_word_that_joins():
    text = (
        "you would have seen it on the page if you had read the letter because we sent it to everybody in march by post"
    )
    assert parts(text) == [text[: text.index(" because")], text[text.index("because") :]]
    assert " ".join(parts(text * 9)).split() == (text * 9).split()
    assert all(len(part.split()) <= evidence.LONGEST for part in parts(text * 9))


WEIGHTS = {"rude": 3.0, "again": 2.0}


class Counted:
    """Stands for reader and heads: the words that are left make impatience as likely as they weigh."""

    def __init__(self, text: str, say_it_once: bool) -> None:
        self.once = say_it_once
        self.passage = legible(Turn("rep", text))
        self.reading = SimpleNamespace(passage=self.passage, word_states=None, features=None)
        self.read: list[list[list[str]]] = []

    def read_again(self, reading, versions):
        self.read.append(versions)
        return versions

    def scores(self, versions):
        return [dict.fromkeys(AXES, Score(0, self.chance(words), 0)) for words in versions]

    def chance(self, words) -> float:
        counts = [sum(weight for word, weight in WEIGHTS.items() if word in said) for said in words]
        return torch.tensor((max(counts, default=0) if self.once else sum(counts)) - 2.0).sigmoid().item()

    def behaviours(self, words, turn):
        chances = torch.zeros(len(self.passage.words), len(BEHAVIOUR_NAMES))
        for number, word in enumerate(self.passage.spoken):
            chances[number, OF_AXIS["impatience"][0 if "rude" in word else 1]] = 0.1 + 0.5 * ("rude" in word)
        return chances

    def found(self):
        model: Any = self
        scores = {axis: Score(0, 0.1, 0) for axis in AXES}
        scores["impatience"] = Score(0, self.chance(self.passage.spoken), 0)
        return evidence.find(model, model, model.reading, scores), scores["impatience"].probability


def test_clauses_that_are_missed_are_shown_with_what_is_lost_without_them():
    turn = Counted("Your postcode, please. That was rude. I'd rather not again. Thanks for that.", say_it_once=False)
    found, chance = turn.found()
    assert [each.text for each in found] == ["That was rude.", "I'd rather not again."]
    assert {each.axis for each in found} == {"impatience"}
    assert [each.behaviour for each in found] == [BEHAVIOUR_NAMES[i] for i in OF_AXIS["impatience"][:2]]
    for each in found:
        rest = turn.passage.text.replace(each.text, "").split()
        assert each.weight == pytest.approx(chance - turn.chance(rest), abs=1e-6)
    assert len(turn.read) == 1


def test_what_is_missed_only_together_shares_the_weight():
    turn = Counted("That was rude. Your postcode, please. So rude of you.", say_it_once=True)
    found, chance = turn.found()
    assert [each.text for each in found] == ["That was rude.", "So rude of you."]
    lost = chance - turn.chance(["Your", "postcode,", "please."])
    assert [each.weight for each in found] == pytest.approx([lost / 2] * 2, abs=1e-6)


def test_nothing_is_shown_where_no_words_are_missed(monkeypatch):
    turn = Counted("Your postcode, please. Thank you for that.", say_it_once=False)
    monkeypatch.setattr(turn, "chance", lambda words: 0.9)
    assert turn.found()[0] == ()


def test_on_dev_the_best_clause_is_missed_far_more_than_another(model, shared):
    labelled = labelled_calls(shared / "data" / "service_calls" / "dev.jsonl")
    falls, others, likely = [], [], []
    for reading in model.reader.read(call_from_dict(labelled[24])):
        rating = model.rating(reading)
        removal = Removal(model.reader, model.heads, reading, rating.scores)
        for axis, score in rating.scores.items():
            own = [e for e in rating.evidence if e.axis == axis]
            likely += [bool(own)] if score.probability >= 0.5 else []
            shown = {
                span for span in clauses(reading.passage) for e in own if reading.passage.quote(*span)[0] == e.start
            }
            rest = [span for span in clauses(reading.passage) if span not in shown]
            if own and rest:
                falls.append(max(e.weight for e in own))
                others += [loss[axis].fall for loss in removal.losses([[span] for span in rest])]
    assert likely and all(likely)
    assert sum(falls) / len(falls) > 3 * sum(others) / len(others)


def test_unclear_words_are_never_within_a_quote():
    said = "You should have read the letter we sent."
    words = tuple(Word(w, i, i + 0.5, 0.1 if w == "letter" else 0.9) for i, w in enumerate(said.split()))
    spans = clauses(legible(Turn("rep", said, words=words)))
    assert spans == [Span(0, 5), Span(5, 7)]


def test_evidence_is_in_spoken_order_and_never_overlaps(model):
    said = "Like I already said, it's the usage. I've got other people waiting, so."
    rating = model.rate(Call("made-up", (Turn("customer", "It says 84 and I always pay 60."), Turn("rep", said))))[1]
    assert rating.evidence
    assert {e.start for e in rating.evidence} <= {0, said.index("I've")}
    for axis in (*AXES, None):
        assert all(one.end <= other.start for one, other in pairwise(e for e in rating.evidence if e.axis == axis))
