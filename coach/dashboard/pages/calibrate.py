"""Rating turns before one sees what others make of them, and how far all agree."""

from random import Random

import streamlit as st

from coach.calls import Axis, InputError
from coach.dashboard import resources
from coach.dashboard.lead import calibrate as draw
from coach.dashboard.lead.agreement import draw_agreement, draw_behaviours
from coach.store.said import calibrating
from coach.store.said.calibrating import Passage, Place
from coach.tone.feedback import agreement, behaviours, judgements

RATE, AGREE = "Rate", "How far we agree"

desk = resources.desk()
state = st.session_state


@st.fragment
def rate() -> None:
    place = state.get("rating")
    found = place and calibrating.passage(desk, place)
    if not found:
        place = state["rating"] = calibrating.drawn(desk, state.setdefault("skipped", set()), Random())
        found = place and calibrating.passage(desk, place)
    if not place or not found:
        draw.draw_none(bool(calibrating.count_rated(desk)))
        return
    all_said = calibrating.revealed(desk, place)
    if all_said:
        draw.draw_revealed(found, all_said, next_one)
        return
    draw.draw_passage(found, sound_of(place, found), calibrating.looked_into(desk, place[0]))
    draw.draw_rating("-".join(map(str, place)), keep, skip)


def sound_of(place: Place, found: Passage) -> bytes | None:
    sound = resources.clip_of(found.row, found.call, found.call.turns[found.turn])
    if sound and state.get("played to rate") != place:
        state["played to rate"] = place
        desk.log("played", place[0], **calibrating.RATING)
    return sound


def keep(given: dict[Axis, int]) -> None:
    try:
        calibrating.rate_turn(desk, state["rating"], given)
    except InputError:  # not to be seen any more
        next_one()


def skip() -> None:
    state["skipped"].add(state["rating"])
    next_one()


def next_one() -> None:
    state["rating"] = None


st.html(
    '<h1>Listen and rate</h1><p class="facts">What do you hear? You rate first, and then see what others make of it. '
    "So we learn how far we hear the same, and how good the marks are.</p>"
)
view = st.segmented_control(
    "View", [RATE, AGREE], default=RATE, required=True, label_visibility="collapsed", key="view"
)
if view == AGREE:
    given = judgements(calibrating.rated(desk))
    draw_agreement(agreement(given), calibrating.count_rated(desk), desk.person.role in ("lead", "alone"))
    draw_behaviours(behaviours(given))
else:
    rate()
