import csv
import json
from dataclasses import replace
from pathlib import Path

import pytest
from hand_made import review, score

from coach import report
from coach.as_json import review_from_dict, review_to_dict
from coach.calls import AXES, Call, Rating, Review, Stretch, Turn, call_scores, swap, unsure_axes
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


@pytest.mark.parametrize("measured", [True, False])
def test_how_it_was_spoken_is_measured_only_where_it_is_asked_for(
    samples: Path, monkeypatch: pytest.MonkeyPatch, measured: bool
):
    recording, heard = samples / "2026-11-18_1405_dana.wav", []
    monkeypatch.setattr("coach.delivery.voice.voices", lambda call, path: heard.append(path) or [None, None])
    timed = tuple(replace(turn, start=4.0 * i, end=4.0 * i + 3) for i, turn in enumerate(CALL.turns))
    speech = tuple(Stretch(turn.speaker, turn.start, turn.end) for turn in timed)
    found = Reviewer(tone="fast", delivery=measured).rate(replace(CALL, turns=timed, speech=speech), recording)
    assert heard == [recording] * measured and len(found.delivery) == 2 * measured
    assert bool(found.timing) == bool(found.call.speech) == measured
    assert found.ratings == Reviewer(tone="fast").rate(CALL).ratings


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


def rated(*impatience: float) -> Review:
    """A call in which the rep has a turn of each of these ratings of impatience, and nothing else."""
    ratings = tuple(Rating({axis: score(r if axis == "impatience" else 0) for axis in AXES}) for r in impatience)
    return Review(Call("c", (REP,) * len(ratings)), ratings)


def test_a_review_comes_back_from_json_with_what_is_not_sure_in_it():
    data = json.loads(json.dumps(review_to_dict(review())))
    assert [data["turns"][turn]["scores"]["empathy"]["unsure"] for turn in (0, 2)] == [True, False]
    assert review_from_dict(data) == review()


def test_a_review_of_the_time_before_not_sure_is_read_as_it_was_shown():
    data = review_to_dict(review())
    for turn in data["turns"]:
        for stored in turn.get("scores", {}).values():
            del stored["unsure"]
    old = review_from_dict(data)
    assert old.ratings[0].scores["empathy"] == replace(review().ratings[0].scores["empathy"], unsure=False)
    assert old.moments == review().moments and call_scores(old) == call_scores(review())


def test_a_spreadsheet_tells_not_sure_from_absent_and_from_not_scored():
    found = review()
    ratings = (*found.ratings[:4], Rating(None, (), "mumbled"), None)
    rows = list(csv.DictReader(report.csv([replace(found, ratings=ratings)]).splitlines()))
    assert [row["empathy_unsure"] for row in rows] == ["True", "False", ""]
    assert [row["impatience_unsure"] for row in rows] == ["False", "False", ""]


@pytest.mark.parametrize(
    ("ratings", "axes"),
    [
        ((0.0, 0.2), ()),
        ((0.9, 0.9, 0.9, 0.2), ("impatience",)),
        ((0.9, 0.9, 0.9, 1.2), ()),
        ((), ()),
    ],
)
def test_a_call_is_not_sure_where_some_turn_may_show_an_axis_and_none_surely_does(ratings, axes):
    assert unsure_axes(rated(*ratings)) == axes


def test_an_unsure_turn_counts_for_the_call_with_what_is_to_be_expected_of_it():
    assert call_scores(rated(0.9, 0.9, 0.6))["impatience"] == pytest.approx(0.8)
