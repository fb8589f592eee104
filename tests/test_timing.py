"""Timing: calls made by hand whose meaning is clear, sound made here, and a real recording where one is at hand."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from coach.audio import RATE, blocks
from coach.calls import Call, Delivery, Speaker, Stretch, Turn, Word, swap
from coach.delivery import measure
from coach.delivery.syllables import count
from coach.delivery.timing import timing
from coach.listen.speech import find_speech

Said = tuple[Speaker, float, float, str]


def a_call(*said: Said) -> Call:
    """Each line is a turn and a stretch of speech; its words share its time evenly."""
    turns, speech = [], []
    for speaker, start, end, text in said:
        texts = text.split()
        each = (end - start) / len(texts)
        words = tuple(Word(w, start + i * each, start + (i + 1) * each) for i, w in enumerate(texts))
        turns.append(Turn(speaker, text, start, end, words))
        speech.append(Stretch(speaker, start, end))
    return Call("hand-made", tuple(turns), speech=tuple(speech))


ASKED: Said = ("customer", 0.0, 5.0, "My boiler has been out for two weeks and nobody has come")


def test_rate_pauses_and_gap_of_a_turn() -> None:
    call = a_call(ASKED, ("rep", 5.6, 9.6, "I will send somebody out to you tomorrow morning at nine"))
    speech = (*call.speech[:1], Stretch("rep", 5.6, 7.1), Stretch("rep", 7.2, 7.6), Stretch("rep", 8.1, 9.6))
    (none, delivery), _ = measure(replace(call, speech=speech))
    assert none is None
    assert delivery == Delivery(speaking=3.5, rate=round(16 / 3.5, 2), pauses=1, longest_pause=0.5, gap=0.6)


def test_half_a_second_of_speech_has_no_rate() -> None:
    (_, delivery), _ = measure(a_call(ASKED, ("rep", 5.2, 5.7, "Of course")))
    assert (delivery.rate, delivery.speaking, delivery.gap) == (None, 0.5, 0.2)


def test_a_back_channel_is_no_overlap_and_breaks_no_monologue() -> None:
    rep: Said = ("rep", 6.0, 20.0, "So the engineer will come tomorrow and look at the valve and then he will call")
    call = a_call(ASKED, ("rep", 2.0, 2.4, "mm-hm"), rep, ("customer", 9.0, 9.6, "okay, right"))
    found = timing(call)
    assert found.overlaps == ()
    assert found.longest_monologue == 14.0
    deliveries, _ = measure(call)
    assert deliveries[1].gap is None


def test_a_word_that_goes_on_is_no_back_channel() -> None:
    rep: Said = ("rep", 6.0, 20.0, "So the engineer will come tomorrow and look at the valve and then he will call")
    call = a_call(ASKED, rep, ("customer", 9.0, 9.4, "okay"), ("customer", 9.8, 11.0, "but I did tell them that"))
    [overlap] = timing(call).overlaps
    assert (overlap.started, overlap.yielded, overlap.start, overlap.end) == ("customer", "customer", 9.0, 11.0)


@pytest.mark.parametrize(("until", "yielded"), [(8.0, "customer"), (4.5, "rep")])
def test_who_came_in_and_who_gave_way(until: float, yielded: str) -> None:
    call = a_call(ASKED, ("rep", 3.5, until, "Can I get the number of your account"))
    _, found = measure(call)
    [overlap] = found.overlaps
    assert (overlap.turn, overlap.started, overlap.yielded) == (1, "rep", yielded)
    assert (overlap.start, overlap.end) == (3.5, min(until, 5.0))


def test_nobody_is_blamed_for_beginning_at_once() -> None:
    at_once = a_call(
        ("rep", 1.0, 4.0, "So let me tell you what we do"), ("customer", 1.1, 3.0, "I wanted to ask you if")
    )
    [overlap] = timing(at_once).overlaps
    assert (overlap.started, overlap.yielded) == ("unknown", "customer")


def test_who_goes_on_after_a_breath_has_not_come_in() -> None:
    customer: Said = ("customer", 5.4, 8.0, "and I have called you three times about it")
    [overlap] = timing(a_call(ASKED, ("rep", 5.1, 7.0, "Can I get the number of your account"), customer)).overlaps
    assert (overlap.started, overlap.yielded) == ("unknown", "rep")


def test_an_answer_a_tenth_early_is_no_overlap() -> None:
    deliveries, found = measure(a_call(ASKED, ("rep", 4.9, 8.0, "Two weeks without heat, I am so sorry")))
    assert found.overlaps == ()
    assert deliveries[1].gap == -0.1


@pytest.mark.parametrize(
    ("text", "answers", "announced"),
    [
        ("Bear with me a moment please", "rep", True),
        ("Let me just look that up for you", "rep", True),
        ("I'll put you on hold for a minute", "rep", True),
        ("Could you read me the number on the plate?", "customer", True),
        ("Could you read me the number on the plate?", "rep", False),
        ("It says here that you were at home", "rep", False),
        ("You told me a minute ago that it has a motor", "rep", False),
        ("I can only see what is in the system", "customer", False),
    ],
)
def test_a_silence_is_announced_or_not(text: str, answers: Speaker, announced: bool) -> None:
    call = a_call(ASKED, ("rep", 5.5, 8.0, text), (answers, 19.0, 21.0, "So that is what I have now"))
    [silence] = timing(call).silences
    assert (silence.turn, silence.start, silence.end, silence.announced) == (1, 8.0, 19.0, announced)


def test_talk_share_and_questions() -> None:
    found = timing(a_call(ASKED, ("rep", 5.5, 20.5, "Is it off? Yes. And the valve, is that open?")))
    assert (found.talk_share, found.questions) == (0.75, 2)


def test_swapping_swaps() -> None:
    call = a_call(ASKED, ("rep", 3.5, 8.0, "Can I get the number of your account"), ("customer", 8.5, 12.0, "It is 44"))
    (deliveries, found), (others, other) = measure(call), measure(swap(call))
    assert found.talk_share + other.talk_share == pytest.approx(1)
    assert (other.overlaps[0].started, other.overlaps[0].yielded) == ("customer", "rep")
    assert [d is None for d in others] == [d is not None for d in deliveries]
    assert measure(swap(swap(call))) == (deliveries, found)


def test_without_times_nothing_is_measured() -> None:
    call = a_call(ASKED, ("rep", 5.5, 8.0, "Bear with me"))
    bare = replace(call, speech=(), turns=tuple(Turn(t.speaker, t.text) for t in call.turns))
    assert measure(bare) == ((), None)


def test_a_transcripts_times_tell_seconds_and_no_tenths() -> None:
    call = a_call(
        ASKED, ("rep", 3.5, 8.5, "Bear with me a moment please"), ("rep", 20.0, 25.0, "Thank you for waiting")
    )
    deliveries, found = measure(replace(call, speech=()))
    assert deliveries == (None, Delivery(), Delivery())
    assert (found.talk_share, found.overlaps) == (round(10 / 15, 3), ())
    assert [silence.announced for silence in found.silences] == [True]


@pytest.mark.parametrize(
    ("text", "syllables"),
    [
        ("I'm sorry to hear that.", 6), ("It'll be there by 4:30", 8), ("1,250", 8), ("in 1961", 6), ("555-0142", 8),
        ("$42.50", 7), ("10%", 3), ("the 20th", 4), ("She wasn't asked", 4), ("my TV", 3), ("", 0),
    ],
)  # fmt: skip
def test_syllables_as_spoken(text: str, syllables: int) -> None:
    assert count(text) == syllables


@pytest.mark.parametrize("noise", [0.0, 0.01])
def test_speech_is_found_from_when_to_when(noise: float, samples: Path) -> None:
    """A line of a sample call, moved to a known place on a silent channel."""
    sound = next(blocks(samples / "2026-11-19_1132_dana.wav"))[1, : 3 * RATE]
    loud = np.flatnonzero(np.abs(sound) > 0.02)
    line = sound[loud[0] : loud[-1]]
    placed = np.random.default_rng(0).normal(0, noise, (2, 15 * RATE)).astype(np.float32)
    for start in (2.0, 9.0):
        placed[0, int(start * RATE) : int(start * RATE) + len(line)] += line
    here, there = find_speech([placed]).stretches
    assert there == []
    assert [here[0][0], here[-1][1]] == pytest.approx([2.0, 9.0 + len(line) / RATE], abs=0.1)
    assert min(start for start, _ in here if start > 6) == pytest.approx(9.0, abs=0.1)


def test_a_real_call(shared: Path) -> None:
    """The caller tells her story after the greeting, and the rep says no more than "mm-hm" until she has finished."""
    sound = np.concatenate(list(blocks(shared / "audio" / "repair_shop_49.flac")), axis=1)[:, : 31 * RATE]
    rep, customer = find_speech(np.split(sound, [20 * RATE], axis=1)).stretches
    assert rep[0] == pytest.approx((0.0, 1.9), abs=0.15)
    assert customer[0][0] == pytest.approx(2.7, abs=0.3)
    assert sum(end - start for start, end in rep if 2 < start < 25.2) < 1
    assert sum(end - start for start, end in customer if 2 < start < 25.2) > 12
    assert all(type(time) is float for span in rep + customer for time in span)
