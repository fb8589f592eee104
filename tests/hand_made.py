"""A short call with its review, made by hand, and tone bursts for its recording: for the tests of the screens."""

import wave
from dataclasses import replace
from pathlib import Path

import numpy as np

from coach.calls import (
    AXES,
    Axis,
    Call,
    Delivery,
    Evidence,
    Moment,
    Overlap,
    Rating,
    Review,
    Score,
    Silence,
    Stretch,
    Timing,
    Turn,
    Word,
)
from coach.delivery.usual import Typical, Usual
from coach.store import Store

RATE = 8000
SAID = (
    ("rep", "Harbour Heating, this is Ann. How can I help?", {"empathy": 0.9}, ()),
    ("customer", "The boiler has been out for two weeks & nobody came, with <b>two</b> small kids here.", {}, ()),
    (
        "rep",
        "Two weeks without heat and two little ones, I'd be worn out. I'll stay on this and ring you by four myself.",
        {"empathy": 3.0},
        (
            ("acknowledges_feeling", "Two weeks without heat and two little ones, I'd be worn out."),
            ("takes_ownership", "I'll stay on this and ring you by four myself."),
        ),
    ),
    ("customer", "Thank you. The last man said it was switched off, but it wasn't.", {}, ()),
    (
        "rep",
        "Well, obviously it has to be switched on. Just give me the number on the plate.",
        {"condescension": 2.4, "impatience": 1.2},
        (
            ("states_the_obvious", "obviously it has to be switched on"),
            ("hurries", "Just give me the number"),
        ),
    ),
    ("customer", "It is four four one.", {}, ()),
)
NOT_SURE = (0.4, 0.7)  # probabilities between which the hand-made model is not sure
AXIS_OF: dict[str, Axis] = {
    "acknowledges_feeling": "empathy",
    "takes_ownership": "empathy",
    "states_the_obvious": "condescension",
    "hurries": "impatience",
}


def review(recording: Path | None = None) -> Review:
    turns, at = [], 0.5
    for speaker, text, _, _ in SAID:
        words = [Word(word, at + i * 0.3, at + i * 0.3 + 0.25, 0.95) for i, word in enumerate(text.split())]
        turns.append(Turn(speaker, text, at, words[-1].end, tuple(words)))
        at = words[-1].end + 0.5
    number = turns[5].words
    turns[5] = Turn("customer", turns[5].text, turns[5].start, turns[5].end, (*number[:-1], unsure(number[-1])))
    path = str(recording) if recording else None
    call = Call("Boiler out", tuple(turns), "Ann", path, at, "en", 2, 0, 0.93)
    ratings = tuple(rating(text, scores, spans) if s == "rep" else None for s, text, scores, spans in SAID)
    return Review(call, ratings, (giveaway(turns[4]), strength(turns[2])))


def unsure(word: Word) -> Word:
    return Word(word.text, word.start, word.end, 0.2)


def rating(text: str, scores: dict[Axis, float], spans: tuple[tuple[str, str], ...]) -> Rating:
    evidence = tuple(
        Evidence(AXIS_OF[name], name, text.index(span), text.index(span) + len(span), span, 0.5) for name, span in spans
    )
    values = {axis: scores.get(axis, 0.05) for axis in AXES}
    return Rating({axis: score(value) for axis, value in values.items()}, evidence)


def score(rating: float) -> Score:
    probability = min(0.98, rating / 1.5)
    return Score(rating, probability, min(0.95, rating / 3), NOT_SURE[0] <= probability < NOT_SURE[1])


def strength(turn: Turn) -> Moment:
    why = "You said what two weeks without heat mean for this family, and what you will do."
    names = ("acknowledges_feeling", "takes_ownership")
    return Moment(
        2, "empathy", names, "strength", turn.start, turn.end, turn.text, why, "Feeling first, then the deed."
    )


def giveaway(turn: Turn) -> Moment:
    why, tip = "“obviously” says that they should have known.", "“Could you check the switch with me?”"
    return Moment(4, "condescension", ("states_the_obvious",), "giveaway", turn.start, turn.end, turn.text, why, tip)


USUAL = Usual({"rate": Typical(4.4, 0.3), "pitch": Typical(90.0, 1.0), "loudness": Typical(0.0, 1.5)}, 10, own=True)


def spoken(recording: Path | None = None) -> Review:
    """The same call with how it was spoken: the rep hurries in the giveaway, talks over the customer, and is silent."""
    found = review(recording)
    turns = found.call.turns
    rates, loud, pitches = {0: 4.4, 2: 4.5, 4: 6.9}, {0: 0.0, 2: -0.5, 4: 2.0}, {0: 181.0, 2: 183.0, 4: 190.0}
    delivery = tuple(
        Delivery(t.end - t.start, rates[n], 0, 0.0, 0.5, pitches[n], 7.0, loud[n]) if t.speaker == "rep" else None
        for n, t in enumerate(turns)
    )
    over = Overlap(4, "rep", "customer", turns[3].end - 1.4, turns[3].end)
    silence = Silence(4, turns[4].end, turns[4].end + 11.0, False)
    timing = Timing(0.61, 8.2, 3, (over,), (silence,))
    call = replace(found.call, speech=tuple(Stretch(t.speaker, t.start, t.end) for t in turns))
    first = {"turn": 0, "quote": turns[0].text, "start": turns[0].start, "end": turns[0].end}
    why = "You came in before they had finished."
    cut_off = replace(
        found.moments[0], **first, axis="impatience", behaviours=("cuts_off",), why=why, tip="Wait.", heard=True
    )
    return replace(found, call=call, moments=(*found.moments, cut_off), delivery=delivery, timing=timing)


def record(path: Path, call: Call) -> Path:
    """Tone bursts where somebody speaks: 440 Hz on the rep's channel, 300 Hz on the customer's."""
    sound = np.zeros((int(RATE * (call.duration or 0)), 2))
    for turn in call.turns:
        at = np.arange(int(RATE * turn.start), int(RATE * turn.end))
        rep = turn.speaker == "rep"
        sound[at, 0 if rep else 1] = 0.3 * np.sin(2 * np.pi * (440 if rep else 300) * at / RATE)
    with wave.open(str(path), "wb") as wav:
        wav.setnchannels(2)
        wav.setsampwidth(2)
        wav.setframerate(RATE)
        wav.writeframes((sound * 32767).astype("<i2").tobytes())
    return path


def store_with_a_call(folder: Path) -> tuple[Store, int]:
    path = record(folder / "boiler.wav", review().call)
    store = Store(f"sqlite:///{folder}/coach.db")
    found = review(path)
    return store, store.save(found, digest="boiler", team="North")
