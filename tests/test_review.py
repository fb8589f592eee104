from dataclasses import replace

import pytest

from coach.calls import Call, Turn, call_scores, swap
from coach.review import Reviewer, why_not_scored

REP = Turn("rep", "Good morning, this is Anna. How can I help?")
CUSTOMER = Turn("customer", "Hello, my parcel never came.")
CALL = Call("parcel", (REP, CUSTOMER))
MONO = replace(CALL, turns=(replace(REP, speaker="unknown"), replace(CUSTOMER, speaker="unknown")))


@pytest.mark.parametrize(
    ("call", "reason"),
    [
        (replace(CALL, turns=()), "no speech"),
        (replace(CALL, turns=(), language="es"), "Spanish"),
        (replace(CALL, turns=(CUSTOMER,)), "the rep says nothing"),
        (replace(CALL, rep_confidence=0.6), "which speaker is the rep"),
        (replace(MONO, channels=1), "only one channel"),
        (MONO, "does not say who speaks"),
    ],
)
def test_what_cannot_be_scored_says_why_and_keeps_the_transcript(call: Call, reason: str):
    review = Reviewer().rate(call)
    assert reason in review.not_scored
    assert review.call == call
    assert review.moments == ()
    assert call_scores(review) is None
    assert all(rating is None or (rating.scores is None and rating.not_scored) for rating in review.ratings)


def test_an_answering_machine_before_the_call_does_not_stop_the_scoring():
    machine = Turn("unknown", "Your call may be recorded.")
    assert why_not_scored(replace(CALL, turns=(machine, REP, CUSTOMER))) is None


def test_swapping_speakers_is_certain_and_undone_by_swapping_again():
    call = replace(CALL, rep_channel=0, rep_confidence=0.6)
    swapped = swap(call)
    assert [turn.speaker for turn in swapped.turns] == ["customer", "rep"]
    assert (swapped.rep_channel, swapped.rep_confidence) == (1, 1.0)
    assert swap(swapped) == replace(call, rep_confidence=1.0)
    assert why_not_scored(swapped) is None
