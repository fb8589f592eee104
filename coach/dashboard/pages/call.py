"""One call: /call?id=ID."""

from dataclasses import replace

import streamlit as st

from coach.calls import InputError, Moment, Review, swap
from coach.dashboard import resources, routes
from coach.dashboard.rep.call import draw_call
from coach.dashboard.rep.spoken import Spoken
from coach.dashboard.rep.voice import Voice
from coach.dashboard.words import markdown_free
from coach.store import CallRow, Desk

ID_DIGITS = 9  # no more fit a database's integer


def page(desk: Desk, wanted: str, line: str) -> None:
    row = desk.call(int(wanted)) if wanted.isdecimal() and len(wanted) <= ID_DIGITS else None
    review = row and desk.review(row.id)
    if not row or not review:
        st.info("This call is not here. It may have been deleted.")
        return
    dark = st.context.theme.type == "dark"
    spoken = how_it_was_spoken(desk, row, review)
    resources.log_once(desk, "opened", row.id)

    def clip(moment: Moment) -> bytes | None:
        return played(desk, row, resources.clip_of(row, review.call, moment))

    def whole() -> bytes | None:
        """Asked for later than the page: it may have been taken from the person meanwhile."""
        now = resources.desk()
        return played(now, row, resources.whole(row, review.call)) if now.call(row.id) else None

    turn = int(line) if line.isdecimal() and len(line) <= ID_DIGITS else None
    sound = whole if resources.recording_of(row) else None
    draw_call(
        row,
        review,
        clip,
        lambda swapped: decide(desk, row, swapped),
        Voice(resources.desk, row.id),
        sound,
        spoken,
        dark,
        turn,
    )


def played(desk: Desk, row: CallRow, sound: bytes | None) -> bytes | None:
    """The sound, as it is handed out to be played."""
    if sound:
        resources.log_once(desk, "played", row.id)
    return sound


def how_it_was_spoken(desk: Desk, row: CallRow, review: Review) -> Spoken | None:
    """With what to compare how the rep spoke; None for a visitor who may not know."""
    policy = desk.policy.delivery
    if policy != "off" and not desk.hears(row.id):
        return None
    return Spoken(policy, desk.usual(row.id, review.delivery))


def decide(desk: Desk, row: CallRow, swapped: bool) -> None:
    """Score the call again, now that somebody has said who the rep is; the voice is that of the other one then."""
    recording = None if desk.policy.delivery == "off" else resources.recording_of(row)

    def rate(review: Review) -> Review:
        call = swap(review.call) if swapped else replace(review.call, rep_confidence=1.0)
        return resources.reviewer().rate(call, recording)

    try:
        with st.spinner("Scoring the call again …"), resources.one_at_a_time():
            desk.rescore(row.id, rate)
    except InputError as error:
        st.error(markdown_free(str(error)))


desk = resources.desk()
if routes.is_for(desk.person, routes.CALLS):
    st.page_link(routes.CALLS, label="All calls", icon=":material/arrow_back:")
page(desk, st.query_params.get("id", ""), st.query_params.get("turn", ""))
