"""How far does the redaction move the scores of the very turn that loses something?

    python benchmarks/placeholders.py [--half dev|test] [--tone best|fast] [--show]

Sentences with something personal in them are planted in rep turns of `data/service_calls/dev.jsonl`: after what is said
there, before it, or in its place. Each turn is rated with the plain words; with the placeholder, as it is kept; with
what the tone model reads in its place; and with other personal words of the same form, which ought to change nothing.
Every second call and sentence is for development, the others for testing. The same is done with the calls in which the
rep says something personal as they are, and with such talks of `redaction/*.txt`.
"""

import sys
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from unittest.mock import patch

import click
import numpy as np
import pandas as pd

ROOT = Path(__file__).parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "benchmarks")]

from redaction import TALKS, talks  # noqa: E402

from coach.as_json import call_from_dict  # noqa: E402
from coach.calls import AXES, Call  # noqa: E402
from coach.redact import redact  # noqa: E402
from coach.tone import reader  # noqa: E402
from coach.tone.examples import labelled_calls  # noqa: E402
from coach.tone.model import FOLDERS, ToneModel  # noqa: E402

SENTENCES = [  # with something personal, and something else of the same form
    ("And my e-mail is {}, right?", "anna.berg@mail.example", "tom.hill@post.example"),
    ("{}, then, with the reference in the subject.", "claims@harbour.example", "support@copperlane.example"),
    ("I'll send it to {} now.", "j dot kaur at gmail dot com", "m dot costa at outlook dot com"),
    ("So your e-mail is {}?", "p underscore nolan at yahoo dot com", "lee dot ward at hotmail dot com"),
    ("And the best number is {}?", "07700 900 123", "07700 900 846"),
    ("{}. Ring that if it comes back.", "740-555-0166", "614-555-0139"),
    (
        "I've got {} as your phone.",
        "oh seven seven double oh, nine hundred, four four six",
        "oh seven seven double oh, nine hundred, one two five",
    ),
    ("Call us back on {}, any time.", "0800 496 0123", "0800 496 0758"),
    ("The card is {}.", "4111 1111 1111 1111", "5500 0000 0000 0004"),
    ("And the card number is {}, yes?", "4386 2551 1848 7335", "5105 1051 0510 5100"),
    (
        "So that's {}.",
        "four three eight six, two five five one, one eight four eight, seven three three five",
        "five one oh five, one oh five one, oh five one oh, five one oh oh",
    ),
    ("{}, is that the long number on the card?", "4000 0566 5566 5556", "4242 4242 4242 4242"),
    ("And the account number is {}, is it?", "20481937", "31926450"),
    ("Your sort code, {}, and I'm done.", "twenty, thirty-two, oh six", "forty, eleven, eighteen"),
    ("Account {}, got it.", "7730-118-204", "5519-640-377"),
    (
        "So the account number is {}.",
        "double four one, seven nine oh, two two",
        "six eight three, oh five one, nine four",
    ),
    ("And your date of birth is {}?", "the fourth of May 1984", "the ninth of June 1971"),
    ("Date of birth, {}, lovely.", "second of February nineteen sixty", "eleventh of August nineteen ninety"),
    ("The three digits on the back are {}, yes?", "two oh seven", "six one four"),
    ("The security code is {}.", "418", "952"),
    ("And the expiry date is {}?", "05/29", "11/28"),
    ("It expires {}, does it?", "oh nine twenty-eight", "oh four twenty-seven"),
]
EVERY = 3  # rep turns


@dataclass(frozen=True, slots=True)
class Planted:
    """A call with plain personal words, the same with others, and what the redaction leaves of it."""

    plain: Call
    other: Call | None
    redacted: Call

    @classmethod
    def of(cls, plain: Call, other: Call | None = None) -> "Planted":
        return cls(plain, other, redact(plain))

    @property
    def turns(self) -> list[int]:
        """The rep turns that lose something."""
        both = enumerate(zip(self.plain.turns, self.redacted.turns, strict=True))
        return [at for at, (one, two) in both if one.speaker == "rep" and one.text != two.text]


def planted(half: str) -> Iterator[Planted]:
    sentences, number = SENTENCES[half == "test" :: 2], 0
    for labelled in labelled_calls(ROOT / "data" / "service_calls" / "dev.jsonl")[half == "test" :: 2]:
        call = call_from_dict(labelled)
        plain, other = list(call.turns), list(call.turns)
        for at in [at for at, turn in enumerate(call.turns) if turn.speaker == "rep"][1::EVERY]:
            sentence, *values = sentences[number % len(sentences)]
            for turns, value in zip((plain, other), values, strict=True):
                said = sentence.format(value)
                said, before = said[0].upper() + said[1:], turns[at].text
                turns[at] = replace(turns[at], text=(f"{before} {said}", f"{said} {before}", said)[number % 3])
            number += 1
        yield Planted.of(replace(call, turns=tuple(plain)), replace(call, turns=tuple(other)))


def repeated(half: str) -> Iterator[Planted]:
    for path in sorted(TALKS.glob("*.txt")):
        yield from (found for talk in talks(path)[half == "test" :: 2] if (found := Planted.of(talk.call)).turns)


def as_they_are(half: str) -> Iterator[Planted]:
    calls = labelled_calls(ROOT / "data" / "service_calls" / "dev.jsonl")[half == "test" :: 2]
    yield from (found for call in calls if (found := Planted.of(call_from_dict(call))).turns)


def chances(model: ToneModel, call: Call, turns: list[int]) -> np.ndarray:
    """P(rating >= 1) and the rating of some turns, (turns, axes, 2)."""
    read = {reading.turn: reading for reading in model.reader.read(call)}
    scores = [model.heads.scores(read[turn].features[None])[0] for turn in turns]
    return np.array([[(own[axis].probability, own[axis].rating) for axis in AXES] for own in scores])


def moved(model: ToneModel, found: Planted, show: bool) -> Iterator[dict[str, object]]:
    turns = found.turns
    plain = chances(model, found.plain, turns)
    with patch.dict(reader.STAND_INS, {name: name for name in reader.STAND_INS}):
        ways = {"the placeholder": chances(model, found.redacted, turns)}
    ways["what is read instead"] = chances(model, found.redacted, turns)
    if found.other:
        ways["other words of the same form"] = chances(model, found.other, turns)
    for way, own in ways.items():
        for number, turn in enumerate(turns):
            by = np.abs(own[number] - plain[number])
            if show and by[:, 0].max() > 0.2:
                print(f"- {way}, {by[:, 0].max():.2f}: {found.redacted.turns[turn].text}", file=sys.stderr)
            for axis, (chance, rating) in zip(AXES, by, strict=True):
                yield {"with": way, "axis": axis, "chance": chance, "rating": rating, "turn": (found.plain.id, turn)}


def table(rows: pd.DataFrame) -> str:
    lines = ["| with | turns | probability moves by | 95 % by less than | at most | rating moves by |"]
    lines.append("| --- | --- | --- | --- | --- | --- |")
    for way, own in rows.groupby("with", sort=False):
        moved, (low, high) = own.chance, interval(own.groupby("turn").chance.mean().to_numpy())
        lines.append(
            f"| {way} | {own.turn.nunique()} | {moved.mean():.3f} [{low:.3f}, {high:.3f}] "
            f"| {moved.quantile(0.95):.2f} | {moved.max():.2f} | {own.rating.mean():.2f} |"
        )
    return "\n".join(lines)


def interval(by_turn: np.ndarray) -> np.ndarray:
    """The 95 % interval of the mean, turns drawn with replacement."""
    drawn = np.random.default_rng(0).choice(by_turn, (1000, len(by_turn))).mean(1)
    return np.quantile(drawn, [0.025, 0.975])


@click.command(help=__doc__)
@click.option("--half", type=click.Choice(["dev", "test"]), default="dev", show_default=True)
@click.option("--tone", type=click.Choice(list(FOLDERS)), default="best", show_default=True)
@click.option("--show", is_flag=True, help="Say on stderr which turns move by more than 0.2.")
def main(half: str, tone: str, show: bool) -> None:
    model = ToneModel.load(FOLDERS[tone])
    sources = {"planted in service calls": planted, "in service calls as they are": as_they_are}
    for name, source in (sources | {"repeated in short talks": repeated}).items():
        print(f"{name}, {half} half:\n")
        print(table(pd.DataFrame(row for found in source(half) for row in moved(model, found, show))), end="\n\n")


if __name__ == "__main__":
    main()
