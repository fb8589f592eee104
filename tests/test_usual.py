import json
import re
from dataclasses import replace

import pytest

from coach.calls import Call, Delivery, Evidence, Overlap, Rating, Review, Silence, Stretch, Timing, Turn, Word
from coach.delivery.remarks import AT_MOST, OF_A_KIND, Remark, remarks
from coach.delivery.timing import deliveries, timing
from coach.delivery.usual import ENOUGH_CALLS, ENOUGH_TURNS, Usual, summary

NUDGES = (-1.0, 0.4, -0.2, 0.7, -0.5, 1.0, 0.2, -0.7, 0.9, -0.4, 0.5, -0.9)
QUIET = Timing(talk_share=0.5)
CALM = Delivery(
    speaking=6.0, rate=5.0, pauses=1, longest_pause=0.4, gap=0.3, pitch=200.0, pitch_range=8.0, loudness=0.0
)


def ordinary(rate: float = 5.0, share: float = 1.0) -> list[Delivery]:
    """Twelve turns around a rate and the other figures of `CALM`, as one person speaks."""
    return [
        replace(
            CALM, rate=rate + 0.4 * n, gap=0.3 + 0.2 * n, pitch_range=8 + 0.8 * n, loudness=1.0 * n, pitch=200 + 9 * n
        )
        for n in (share * nudge for nudge in NUDGES)
    ]


def own(rate: float = 5.0, calls: int = ENOUGH_CALLS) -> Usual:
    return Usual.of([summary(ordinary(rate + 0.1 * NUDGES[n % 12]), QUIET) for n in range(calls)])


def a_review(*turns: Delivery, timing: Timing = QUIET, text: str = "Let me look at that order.", **of_rating) -> Review:
    """The customer and the rep by turns, ten seconds each; the rep's turns are delivered as given."""
    said = [Turn("customer", "And the other one?"), *(Turn(s, text) for _ in turns for s in ("rep", "customer"))]
    said = [replace(turn, start=10.0 * n, end=10.0 * n + 9) for n, turn in enumerate(said)]
    ratings = [Rating({}, **of_rating) if turn.speaker == "rep" else None for turn in said]
    delivery = [None, *(d for turn in turns for d in (turn, None))]
    return Review(Call("a-001", tuple(said)), tuple(ratings), (), None, tuple(delivery), timing)


def told(review: Review, usual: Usual) -> list[tuple[str, str]]:
    return [(remark.kind, remark.text) for remark in remarks(review, usual)]


def test_a_summary_is_small_json_from_which_the_usual_is_known_again():
    kept = [json.loads(json.dumps(summary(ordinary(), QUIET))) for _ in range(ENOUGH_CALLS)]
    assert len(json.dumps(kept[0])) < 1000
    usual = Usual.of(kept)
    assert usual.typical["rate"].median == pytest.approx(5.0, abs=0.1)
    assert usual.typical["pitch"].median == pytest.approx(91.8, abs=0.3)  # 200 Hz in semitones above 1 Hz
    assert usual.typical["talk_share"].median == 0.5


@pytest.mark.parametrize(("calls", "known"), [(0, False), (3, False), (ENOUGH_CALLS - 1, False), (ENOUGH_CALLS, True)])
def test_the_usual_is_known_from_enough_calls_on(calls, known):
    usual = own(calls=calls)
    assert bool(usual.typical) == known
    assert ("Not enough calls yet" in usual.note) != known
    assert str(calls) in usual.note


def test_calls_without_figures_do_not_count():
    silent = summary([None, Delivery(speaking=0.4, rate=9.0)], QUIET)
    assert silent == {}
    usual = Usual.of([silent] * 20 + [summary(ordinary(), QUIET)] * 3)
    assert usual.typical == {} and "3 of 8" in usual.note


def test_with_three_calls_a_rep_is_compared_within_the_call_and_told_so():
    kept = [summary(ordinary(), QUIET)] * 3
    usual = Usual.best(kept, ordinary(rate=6.0))
    assert not usual.own and usual.typical["rate"].median == pytest.approx(6.0, abs=0.1)
    assert usual.note == "Not enough calls yet to know your usual (3 of 8): compared with the rest of this call."
    assert Usual.best(kept * 3, ordinary(rate=6.0)).typical["rate"].median == pytest.approx(5.0, abs=0.1)


def test_a_call_of_few_turns_is_compared_with_nothing():
    usual = Usual.within(ordinary()[: ENOUGH_TURNS - 1])
    assert usual.typical == {} and "too short" in usual.note
    assert told(a_review(*ordinary()[: ENOUGH_TURNS - 2], replace(CALM, rate=9.0)), usual) == []


def test_odd_calls_and_odd_turns_move_the_usual_little():
    odd = [summary([replace(CALM, rate=11.0)] * 12, QUIET)] * 2
    usual = Usual.of([summary(ordinary(), QUIET)] * ENOUGH_CALLS + odd)
    assert usual.typical["rate"].median == pytest.approx(5.0, abs=0.1)
    within = Usual.within([*ordinary(), replace(CALM, rate=11.0, gap=30.0)])
    assert within.typical["rate"].median == pytest.approx(5.0, abs=0.1)
    assert within.typical["gap"].spread < 0.5


def test_bands_are_in_the_units_of_the_figures():
    low, high = own().band("pitch")
    assert 185 < low < 200 < high < 215
    assert own().band("talk_share") == (0.5, 0.5)
    assert Usual.of([]).band("rate") is None


FAST = replace(CALM, rate=6.6)
FLAT = replace(CALM, pitch_range=3.9)
LOUD = replace(CALM, loudness=6.2)
LATE = replace(CALM, gap=4.2)
EARLY = replace(CALM, gap=-0.6)


@pytest.mark.parametrize(
    ("turn", "kind", "own_text", "within_text"),
    [
        (FAST, "speeds_up", "You spoke 32 % faster than your usual.", "faster than in most of this call."),
        (FLAT, "flattens", "Your voice went flat: its pitch moved over 3.9 semitones; your usual is 8.0.", "is 7.8."),
        (LOUD, "raises_voice", "You were 6 dB louder than in most of this call.", "6 dB louder"),
        (LATE, "answers_late", "You answered after 4.2 s; your usual is 0.3 s.", "in most of this call it is"),
        (EARLY, "answers_at_once", "You answered 0.6 s before the customer had finished.", "0.6 s before"),
    ],
)  # fmt: skip
def test_what_is_unlike_the_usual_is_told_with_its_figure(turn, kind, own_text, within_text):
    review = a_review(*ordinary(), turn)
    usual = Usual.of([summary(ordinary(), QUIET)] * ENOUGH_CALLS)
    assert told(review, usual) == [(kind, own_text)]
    [remark] = remarks(review, Usual.within(review.delivery))
    assert (remark.kind, remark.turn, remark.start, remark.end) == (kind, 25, 250.0, 259.0)
    assert within_text in remark.text


def test_nothing_is_said_of_an_ordinary_call():
    assert told(a_review(*ordinary()), own()) == []
    assert told(a_review(*ordinary()), Usual.within(ordinary())) == []


def test_a_fast_talker_is_not_told_so_and_a_slow_one_who_hurries_is():
    review = a_review(*ordinary(rate=6.6))
    assert told(review, own(rate=6.6)) == []
    assert ("speeds_up", "Over the whole call, you spoke 32 % faster than your usual.") in told(review, own(rate=5.0))


def test_a_change_must_be_heard_and_not_only_be_rare():
    monotone = ordinary(share=0.05)
    usual = Usual.of([summary(monotone, QUIET)] * ENOUGH_CALLS)
    barely = Delivery(speaking=6.0, rate=5.4, gap=1.0, pitch=200.0, pitch_range=6.5, loudness=2.0)
    assert told(a_review(*monotone, barely), usual) == []


def test_a_change_must_be_rare_and_not_only_be_heard():
    lively = ordinary(share=3.0)
    usual = Usual.of([summary(lively, QUIET)] * ENOUGH_CALLS)
    assert told(a_review(*lively, replace(CALM, rate=6.2)), usual) == []


@pytest.mark.parametrize("short", [replace(CALM, speaking=0.8, rate=9.0, pitch_range=1.0, loudness=9.0), Delivery()])
def test_nothing_is_said_of_a_word_or_two(short):
    assert told(a_review(*ordinary(), short), own()) == []


def over(length: float, started: str = "rep", yielded: str = "customer", turn: int = 3) -> Overlap:
    return Overlap(turn, started, yielded, 30.0, 30.0 + length)


@pytest.mark.parametrize(
    ("overlap", "texts"),
    [
        (over(1.4), ["You talked over the customer for 1.4 s, and kept going."]),
        (over(0.7), []),
        (over(1.4, yielded="rep"), []),
        (over(1.4, started="customer"), []),
        (over(1.4, started="customer", yielded="rep"), []),
    ],
)
def test_talking_over_is_to_come_in_and_keep_the_floor(overlap, texts):
    review = a_review(CALM, CALM, timing=Timing(overlaps=(overlap,)))
    assert [text for _, text in told(review, own())] == texts


def heard(*said: tuple[str, float, float, str]) -> Review:
    """A call of which the times of speech are known: who, from, to, and the words."""
    turns = []
    for speaker, start, end, text in said:
        step = (end - start) / len(text.split())
        words = tuple(Word(w, start + step * n, start + step * (n + 1)) for n, w in enumerate(text.split()))
        turns.append(Turn(speaker, text, start, end, words))
    speech = tuple(Stretch(turn.speaker, turn.start, turn.end) for turn in turns)
    call = Call("a-001", tuple(turns), speech=speech)
    return Review(call, (None,) * len(turns), (), None, deliveries(call), timing(call))


ASKS = ("customer", 0.0, 6.0, "I was at home the whole day and nobody came, so what I would like to know is when it")


@pytest.mark.parametrize(
    ("rep", "text"),
    [
        (("rep", 3.0, 3.5, "Mm-hm."), None),
        (("rep", 6.4, 9.0, "Let me look at that for you."), None),
        (("rep", 5.8, 9.0, "Let me look at that for you."), None),
        (("rep", 4.6, 9.0, "Yeah, I've got that part, what's the number?"), "talked over the customer for 1.4 s, and"),
    ],
)
def test_a_back_channel_and_an_ordinary_change_of_speaker_are_no_talking_over(rep, text):
    found = remarks(heard(ASKS, rep), Usual.of([]))
    assert [text in remark.text for remark in found] == ([True] if text else [])


def test_the_silence_before_the_rep_speaks_is_measured():
    waited = heard(ASKS, ("rep", 17.0, 19.0, "It says here that he was there."))
    assert [remark.text for remark in remarks(waited, Usual.of([]))] == [SILENCE]
    told = heard(ASKS, ("rep", 6.3, 8.0, "One moment, let me check."), ("rep", 19.0, 21.0, "He was there."))
    assert remarks(told, Usual.of([])) == ()


def test_an_overlap_is_told_once_and_giving_way_is_not_held_against_the_rep():
    early = replace(CALM, gap=-1.4)
    kept = a_review(*ordinary(), early, timing=Timing(overlaps=(over(1.4, turn=25),)))
    gave_way = a_review(*ordinary(), early, timing=Timing(overlaps=(over(1.4, yielded="rep", turn=25),)))
    assert [kind for kind, _ in told(kept, own())] == ["talks_over"]
    assert told(gave_way, own()) == []


def test_the_longest_of_many_overlaps_stands_for_the_rest():
    overlaps = tuple(over(length, turn=1 + 2 * n) for n, length in enumerate((1.1, 2.6, 1.2, 1.0)))
    texts = [text for _, text in told(a_review(*[CALM] * 5, timing=Timing(overlaps=overlaps)), own())]
    assert texts[0] == "You talked over the customer for 2.6 s, and kept going: the longest of 4 times."
    assert len(texts) == OF_A_KIND


SILENCE = "11 s of silence before you spoke again, and no word of what you were doing."


@pytest.mark.parametrize(
    ("silence", "texts"),
    [
        (Silence(2, 29.0, 40.2, announced=False), [SILENCE]),  # the customer spoke last, then the rep
        (Silence(2, 29.0, 40.2, announced=True), []),
        (Silence(2, 29.0, 33.0, announced=False), []),
        (Silence(1, 19.0, 30.2, announced=False), []),  # the rep spoke last: the customer is thinking
        (Silence(6, 69.0, 80.2, announced=False), []),  # the end of the recording
    ],
)
def test_silence_counts_where_it_is_the_reps_and_unannounced(silence, texts):
    review = a_review(CALM, CALM, CALM, timing=Timing(silences=(silence,)))
    assert [text for _, text in told(review, own())] == texts


def test_silence_within_the_reps_own_turn_counts():
    review = a_review(CALM, timing=Timing(silences=(Silence(1, 10.5, 18.6, announced=False),)))
    assert remarks(review, own()) == (Remark(1, "dead_air", SILENCE.replace("11", "8.1"), 10.5, 18.6),)


@pytest.mark.parametrize(
    ("gap", "announced", "kinds"),
    [(22.0, True, []), (22.0, False, ["dead_air"]), (5.0, True, []), (5.0, False, ["answers_late"])],
)
def test_a_wait_is_told_once_and_not_at_all_if_it_was_announced(gap, announced, kinds):
    silence = Silence(24, 249.0 - gap, 249.0, announced)
    review = a_review(*ordinary(), replace(CALM, gap=gap), timing=Timing(silences=(silence,)))
    assert [kind for kind, _ in told(review, own())] == kinds


def test_talk_share_is_compared_with_the_reps_own():
    long = Timing(talk_share=0.81, longest_monologue=130.0)
    usual = Usual.of([summary(ordinary(), Timing(talk_share=0.5 + 0.03 * n)) for n in NUDGES])
    assert sorted(told(a_review(*ordinary(), timing=long), usual)) == [
        ("talk_share", "You did 81 % of the talking; your usual is 50 %."),
        ("talk_share", "You spoke for 2 min 10 s in which the customer said no more than a word or two."),
    ]
    assert told(a_review(*ordinary(), timing=Timing(talk_share=0.6)), usual) == []
    assert told(a_review(*ordinary()[:3], timing=Timing(talk_share=0.9)), usual) == []


DISAGREE = [("words_and_voice_disagree", "“happy to help” came 32 % faster than your usual: words and voice disagree.")]


@pytest.mark.parametrize(
    ("text", "turn", "kinds"),
    [
        ("Sure, I'm happy to help, what's the number?", FAST, ["words_and_voice_disagree"]),
        ("I'm so sorry about that.", FLAT, ["words_and_voice_disagree"]),
        ("I understand, that's hard.", LOUD, ["raises_voice"]),  # people are also loud when they are glad
        ("And what's the number?", FAST, ["speeds_up"]),
        ("Thank you for calling, have a nice day, bye.", FAST, ["speeds_up"]),
        ("I understand. " + "And then it goes on to the next form. " * 6, FAST, ["speeds_up"]),
        ("I'm so sorry about that.", CALM, []),
    ],
)
def test_kind_words_in_a_hurried_or_flat_voice_disagree_with_it(text, turn, kinds):
    review = a_review(*ordinary(), turn, text=text)
    assert [kind for kind, _ in told(review, own())] == kinds


def test_the_words_that_disagree_are_quoted_with_the_figure():
    usual = Usual.of([summary(ordinary(), QUIET)] * ENOUGH_CALLS)
    assert told(a_review(*ordinary(), FAST, text="Sure, happy to help."), usual) == DISAGREE
    marked = Evidence("empathy", "acknowledges_feeling", 4, 21, "two weeks without", 0.6)
    [remark] = remarks(a_review(*ordinary(), FAST, text="So, two weeks without.", evidence=(marked,)), usual)
    assert "“two weeks without” came 32 % faster" in remark.text


def test_a_rep_hears_few_remarks_and_the_strongest_first():
    overlaps = tuple(over(1.1 + 0.1 * n, turn=1 + 2 * n) for n in range(4))
    silences = tuple(Silence(2 * n, 100.0, 200.0, announced=False) for n in range(4))
    timing = Timing(0.5, 300.0, 0, overlaps, silences)
    found = remarks(a_review(*ordinary(), *[FAST, FLAT, LOUD] * 3, timing=timing), own())
    assert len(found) == AT_MOST
    assert found[0].kind == "dead_air"
    assert max(sum(other.kind == remark.kind for other in found) for remark in found) <= OF_A_KIND


def test_nothing_is_told_where_delivery_is_not_to_be_shown_or_the_rep_is_unclear():
    review = a_review(*ordinary(), FAST)
    assert remarks(replace(review, delivery=(), timing=None), own()) == ()
    assert remarks(replace(review, not_scored="it is unclear who the rep is"), own()) == ()


def test_remarks_are_facts_and_never_feelings():
    overlaps, silences = (over(1.4),), (Silence(2, 29.0, 40.2, announced=False),)
    loose = Timing(0.9, 200.0, 0, overlaps, silences)
    every = [
        remarks(a_review(*ordinary(), turn, timing=timing, text=text), own())
        for turn in (FAST, FLAT, LOUD, LATE, EARLY)
        for timing in (QUIET, loose)
        for text in ("Sure, happy to help.", "Next.")
    ]
    kinds = {remark.kind for found in every for remark in found}
    assert len(kinds) >= 8
    feelings = r"angry|annoy|irritat|bored|impatien|upset|nervous|stress|tired|happy(?! to help)|feel|emotion|mood"
    for found in every:
        for remark in found:
            assert remark.text.endswith(".") and any(letter.isdigit() for letter in remark.text)
            assert not re.search(feelings, remark.text, re.IGNORECASE)
