from itertools import combinations

import pytest

from coach.calls import AXES, Axis, Call, Evidence, Overlap, Rating, Score, Timing, Turn, Word
from coach.moments import find
from coach.tone.rubric import BEHAVIOURS

THRESHOLDS: dict[Axis, float] = {"condescension": 0.6, "impatience": 0.5, "empathy": 0.5}


def rated(text: str, *marks: tuple[str, str, float], **ratings: float) -> tuple[str, Rating]:
    """A rep turn, its marked words (behaviour, words, weight) and its rating on the axes that are not 0."""
    scores = {axis: Score(r := ratings.get(axis, 0.0), min(r / 2, 1.0), max(r / 2 - 0.5, 0.0)) for axis in AXES}
    evidence = tuple(
        Evidence(BEHAVIOURS[behaviour], behaviour, text.index(words), text.index(words) + len(words), words, weight)
        for behaviour, words, weight in marks
    )
    return text, Rating(scores, evidence)


def a_call(*said: tuple[str, Rating], asked: str = "Can you check that for me?", timed: bool = True):
    """Customer and rep by turns; words of 0.5 s, if they are timed."""
    turns, ratings, now = [], [], 0.0
    for text, rating in (one for rep in said for one in ((asked, None), rep)):
        words = tuple(Word(w, now + n / 2, now + n / 2 + 0.5) for n, w in enumerate(text.split())) if timed else ()
        times = (now, words[-1].end) if words else (None, None)
        turns.append(Turn("rep" if rating else "customer", text, *times, words))
        ratings.append(rating)
        now = words[-1].end + 0.25 if words else now
    return Call("test-1", tuple(turns)), ratings


BLAMES = rated(
    "Right, well, you should have read the terms.",
    ("blames_customer", "you should have read the terms", 0.6),
    condescension=2.4,
)
ARGUES = rated("That's not what happened, sir.", ("argues", "That's not what happened", 0.7), condescension=1.8)
RULES = rated("That's our policy.", ("hides_behind_policy", "That's our policy", 0.5), condescension=1.4)
HURRIES = rated("Okay okay, just the number.", ("hurries", "just the number", 0.5), impatience=1.6)
CARES = rated(
    "Two weeks without heating, I'd be worn out too.", ("acknowledges_feeling", "I'd be worn out too", 0.8), empathy=2.2
)
OWNS = rated("I'll call you by four myself.", ("takes_ownership", "I'll call you by four myself", 0.6), empathy=1.7)
ASKS = rated(
    "What were you hoping to do with it?", ("explores", "What were you hoping to do with it?", 0.4), empathy=1.3
)
HOLLOW = rated("I apologize for any inconvenience.", ("hollow", "I apologize for any inconvenience", 0.9), empathy=0.3)
PLAIN = rated("And the postcode?", condescension=0.2, impatience=0.3, empathy=0.1)


def shown(*said: tuple[str, Rating]) -> list[str]:
    call, ratings = a_call(*said)
    return [call.turns[moment.turn].text for moment in find(call, ratings, THRESHOLDS)]


def test_the_strongest_few_are_chosen_and_told_in_the_order_of_the_call():
    assert shown(ASKS, RULES, CARES, PLAIN, HURRIES, OWNS, BLAMES, ARGUES) == [
        text for text, _ in (CARES, HURRIES, OWNS, BLAMES, ARGUES)
    ]


def test_strengths_take_the_room_that_giveaways_leave_but_no_more_than_three():
    assert len(shown(CARES, OWNS, ASKS, CARES, OWNS)) == 3
    assert shown(CARES, OWNS, ASKS, BLAMES) == [text for text, _ in (CARES, OWNS, ASKS, BLAMES)]


@pytest.mark.parametrize("said", [(), (PLAIN,), (PLAIN, PLAIN, PLAIN)])
def test_nothing_is_made_up_where_nothing_stands_out(said):
    assert shown(*said) == []


def test_a_turn_counts_from_the_threshold_of_its_own_axis():
    below = rated("As I said.", ("talks_down", "As I said", 0.4), condescension=1.1)
    above = rated("As I said.", ("shows_annoyance", "As I said", 0.4), impatience=1.1)
    assert shown(below) == []
    assert shown(above) == ["As I said."]


def test_a_turn_that_is_warm_and_condescending_is_shown_as_what_it_is_more():
    text = "Oh dear, you poor love, it was right there on the page."
    marks = ("acknowledges_feeling", "you poor love", 0.3), ("states_the_obvious", "it was right there", 0.6)
    call, ratings = a_call(rated(text, *marks, condescension=2.1, empathy=1.2))
    [moment] = find(call, ratings, THRESHOLDS)
    assert (moment.kind, moment.axis, moment.behaviours) == ("giveaway", "condescension", ("states_the_obvious",))
    call, ratings = a_call(rated(text, *marks, condescension=1.4, empathy=2.0))
    [moment] = find(call, ratings, THRESHOLDS)
    assert (moment.kind, moment.axis, moment.quote) == ("strength", "empathy", "you poor love")


def test_the_times_are_those_of_the_quoted_words():
    call, ratings = a_call(BLAMES)
    [moment] = find(call, ratings, THRESHOLDS)
    assert moment.quote == "you should have read the terms."
    turn = call.turns[1]
    assert (moment.start, moment.end) == (turn.words[2].start, turn.words[-1].end)


def test_times_are_found_though_text_and_words_differ():
    call, ratings = a_call(BLAMES)
    text = call.turns[1].text
    words = tuple(Word(f" {w}", n, n + 1) for n, w in enumerate(["Right,", "uh,", *text.split()[1:]]))
    call = Call("test-1", (call.turns[0], Turn("rep", text, 0, 9, words)))
    [moment] = find(call, ratings, THRESHOLDS)
    assert (moment.start, moment.end) == (3, 9)


def test_without_word_times_a_moment_is_its_turn_and_without_any_it_has_none():
    call, ratings = a_call(BLAMES, timed=False)
    assert [(m.start, m.end) for m in find(call, ratings, THRESHOLDS)] == [(None, None)]
    timed = Call("test-1", (call.turns[0], Turn("rep", call.turns[1].text, 3.0, 5.5)))
    assert [(m.start, m.end) for m in find(timed, ratings, THRESHOLDS)] == [(3.0, 5.5)]


def test_moments_never_overlap_even_where_turns_do():
    call, ratings = a_call(BLAMES, ARGUES, timed=False)
    turns = [Turn(t.speaker, t.text, start, start + 4.0) for t, start in zip(call.turns, (0, 3, 5, 6), strict=True)]
    [moment] = find(Call("test-1", tuple(turns)), ratings, THRESHOLDS)
    assert moment.behaviours == ("blames_customer",)


def test_near_marks_of_the_axis_are_quoted_together_and_behaviours_named_by_weight():
    text = "Well, obviously it has to be plugged in, you did it wrong. And your account number? It says so on the box."
    marks = (
        ("states_the_obvious", "obviously it has to be plugged in", 0.3),
        ("blames_customer", "you did it wrong", 0.5),
        ("states_the_obvious", "It says so on the box", 0.1),
        ("hurries", "And your account number?", 0.2),
    )
    call, ratings = a_call(rated(text, *marks, condescension=2.5, impatience=1.2))
    [moment] = find(call, ratings, THRESHOLDS)
    assert moment.quote == "obviously it has to be plugged in, you did it wrong."
    assert moment.behaviours == ("blames_customer", "states_the_obvious")


@pytest.mark.parametrize(
    ("text", "marked", "quote"),
    [
        ("It's the fourth. Again, the fourth of May. All right?", "Again,", "Again, the fourth of May."),
        ("We post it today. Okay?", "Okay?", "Okay?"),
        ("... Well. Just wait.", "...", "... Well."),
        ("I've told you twice already", "ve told you twi", "I've told you twice"),
        ("one " * 30 + "end.", "one " * 30 + "end.", ("one " * 25).strip() + "…"),
    ],
)
def test_quotes_are_whole_words_neither_bare_nor_long(text, marked, quote):
    call, ratings = a_call(rated(text, ("shows_annoyance", marked, 0.5), impatience=2.0))
    [moment] = find(call, ratings, THRESHOLDS)
    assert moment.quote == quote
    assert moment.quote.rstrip("…") in text


def test_a_turn_without_evidence_is_still_explained():
    call, ratings = a_call(rated("I suppose we could look.", impatience=1.5))
    [moment] = find(call, ratings, THRESHOLDS)
    assert (moment.behaviours, moment.quote) == ((), "I suppose we could look.")
    assert moment.why and moment.tip


def test_a_hollow_phrase_is_manners_once_and_a_giveaway_when_it_is_a_habit_or_not_the_only_one():
    assert shown(HOLLOW, PLAIN) == []
    assert shown(BLAMES, HOLLOW) == [BLAMES[0], HOLLOW[0]]
    call, ratings = a_call(HOLLOW, PLAIN, HOLLOW)
    [moment] = find(call, ratings, THRESHOLDS)
    assert (moment.kind, moment.axis, moment.behaviours) == ("giveaway", "empathy", ("hollow",))


def test_hollow_phrases_give_way_to_true_giveaways():
    assert HOLLOW[0] not in shown(HOLLOW, BLAMES, ARGUES, HURRIES, HOLLOW)
    assert HOLLOW[0] in shown(HOLLOW, BLAMES, HURRIES, HOLLOW)


def test_a_hollow_phrase_is_no_strength_and_is_let_pass_beside_real_care():
    text = "I apologize for the inconvenience, you've sat in the cold for two weeks."
    hollow = "hollow", "I apologize for the inconvenience", 0.9
    alone = rated(text, hollow, empathy=1.4)
    beside = rated(text, hollow, ("shows_understanding", "you've sat in the cold for two weeks", 0.6), empathy=0.9)
    assert shown(alone, alone) == []
    assert shown(beside, beside) == []


def test_a_turn_that_is_not_scored_gives_no_moment():
    text, _ = BLAMES
    assert shown((text, Rating(None, (), "too short"))) == []


def test_moments_of_a_call_have_reasons_and_tips_of_their_own():
    call, ratings = a_call(ARGUES, ARGUES, CARES, ARGUES, CARES)
    moments = find(call, ratings, THRESHOLDS)
    assert len(moments) == 5
    for one, other in combinations(moments, 2):
        assert one.tip != other.tip and one.why != other.why and (one.end or 0) <= (other.start or 0)
    assert find(call, ratings, THRESHOLDS) == moments


def test_tips_quote_the_customer_only_where_the_customer_came_before():
    opening = Call("test-1", (Turn("rep", BLAMES[0]),))
    [moment] = find(opening, [BLAMES[1]], THRESHOLDS)
    assert "None" not in moment.tip
    tips = [m.tip for m in find(*a_call(ARGUES, ARGUES, ARGUES, asked="Is it coming on Friday?"), THRESHOLDS)]
    assert all("That's not what happened" in tip or "Is it coming on Friday?" in tip for tip in tips)


NEARLY_CURT = rated("Yeah, no, I got that part already, so what's the number?", impatience=0.7)


def talking_over(
    call: Call, *turns: int, length: float = 1.5, started: str = "rep", yielded: str = "customer"
) -> Timing:
    """The other speaker is heard for the first seconds of these turns."""
    starts = [(turn, call.turns[turn].start or 0.0) for turn in turns]
    return Timing(overlaps=tuple(Overlap(turn, started, yielded, at, at + length) for turn, at in starts))


def test_talking_over_makes_a_moment_of_words_that_nearly_are_one():
    call, ratings = a_call(NEARLY_CURT, PLAIN)
    assert find(call, ratings, THRESHOLDS) == find(call, ratings, THRESHOLDS, Timing()) == ()
    [moment] = find(call, ratings, THRESHOLDS, talking_over(call, 1))
    assert (moment.kind, moment.axis, moment.behaviours) == ("giveaway", "impatience", ("cuts_off",))
    assert moment.heard
    assert (moment.quote, moment.start, moment.end) == ("Yeah, no, I", call.turns[1].start, call.turns[1].start + 1.5)
    assert moment.why and moment.tip


@pytest.mark.parametrize(
    "overlap", [{"length": 0.6}, {"yielded": "rep"}, {"started": "customer"}, {"started": "customer", "yielded": "rep"}]
)
def test_short_overlaps_giving_way_and_a_customer_who_comes_in_make_no_moment(overlap):
    call, ratings = a_call(NEARLY_CURT, NEARLY_CURT, NEARLY_CURT)
    assert find(call, ratings, THRESHOLDS, talking_over(call, 1, 3, 5, **overlap)) == ()


def test_talking_over_once_with_plain_words_is_no_moment_and_again_and_again_it_is_one():
    call, ratings = a_call(PLAIN, PLAIN, CARES, PLAIN, PLAIN)
    assert [m.kind for m in find(call, ratings, THRESHOLDS, talking_over(call, 1, 3))] == ["strength"]
    timing = talking_over(call, 1, 3, 9)
    longest = Timing(overlaps=(*timing.overlaps[:2], Overlap(9, "rep", "customer", 30.0, 33.0)))
    strength, giveaway = find(call, ratings, THRESHOLDS, longest)
    assert strength.quote == find(call, ratings, THRESHOLDS)[0].quote
    assert (giveaway.turn, giveaway.behaviours) == (9, ("cuts_off",))


def test_moments_that_the_words_give_are_the_same_without_timing():
    """Who may not see delivery loses the moments that are heard, and nothing else."""
    interrupts = rated("Yeah, yeah, no, I got that.", ("cuts_off", "Yeah, yeah, no", 0.6), impatience=1.8)
    call, ratings = a_call(NEARLY_CURT, CARES, interrupts, BLAMES, PLAIN)
    moments = find(call, ratings, THRESHOLDS, talking_over(call, 1, 3, 5, 7, 9))
    assert [m.turn for m in moments if m.heard] == [1]
    assert tuple(m for m in moments if not m.heard) == find(call, ratings, THRESHOLDS)


def test_where_words_give_enough_nothing_is_added():
    call, ratings = a_call(BLAMES, ARGUES, HURRIES, NEARLY_CURT)
    assert not any(m.heard for m in find(call, ratings, THRESHOLDS, talking_over(call, 7)))


def test_timing_leaves_the_other_axes_alone():
    condescending = rated("Well, as I said, it was right there.", condescension=1.1, impatience=0.1)
    call, ratings = a_call(condescending)
    assert find(call, ratings, THRESHOLDS, talking_over(call, 1)) == ()


BYE = rated("Okay, have a good day, bye.", impatience=0.7)


@pytest.mark.parametrize(
    ("asked", "rep", "over", "behaviours"),
    [
        ("But what about the other one", BYE, True, [("rushes_to_close", "cuts_off")]),
        ("But what about the other one", BYE, False, []),  # a quarter of a second later, yet with words that are fine
        ("Okay, thanks, that's all, bye", BYE, True, []),
        ("But what about the other one", PLAIN, True, []),
    ],
)
def test_a_goodbye_over_the_customer_rushes_to_close(asked, rep, over, behaviours):
    mild = rep[0], rated(rep[0], impatience=0.3)[1]
    call, ratings = a_call(mild, asked=asked)
    timing = talking_over(call, 1) if over else Timing()
    assert [m.behaviours for m in find(call, ratings, THRESHOLDS, timing)] == behaviours


def test_a_goodbye_at_once_counts_where_the_words_are_nearly_curt():
    call, ratings = a_call(BYE, asked="But what about the other one")
    [moment] = find(call, ratings, THRESHOLDS, Timing())
    assert moment.behaviours == ("rushes_to_close",)
    assert moment.quote == "have a good day"
    assert find(call, ratings, THRESHOLDS) == ()
