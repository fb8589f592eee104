"""What reps see differently: to answer, the oldest first."""

import streamlit as st

from coach.dashboard import resources
from coach.dashboard.excerpts import draw_excerpt
from coach.dashboard.lead import answers as draw
from coach.store.said import feedback
from coach.store.said.calibrating import passage
from coach.store.said.feedback import Disagreement, Verdict

WAITING, ANSWERED = 5, 5  # on a page

desk = resources.desk()


def about(said: Disagreement) -> None:
    """The moment, if it is there still; else the line."""
    turn = said.turn or 0
    row = desk.moment(said.call_id, turn, said.axis, said.kind) if said.kind else None
    if row:
        draw_excerpt(desk, row)
        return
    draw.draw_turn(said)
    found = passage(desk, (said.call_id, turn))
    sound = found and resources.clip_of(found.row, found.call, found.call.turns[found.turn])
    if sound:
        resources.log_once(desk, "played", said.call_id)
        st.audio(sound, format="audio/wav", alt=said.quote)


def answer(said: Disagreement, verdict: Verdict, text: str) -> None:
    feedback.answer(desk, said.id, verdict, text)
    desk.log("answered", said.call_id, disagreement=said.id, verdict=verdict)


def page_of(total: int, size: int, key: str) -> int:
    pages = -(-total // size)
    return min(st.pagination(pages, key=key), pages) - 1 if pages > 1 else 0


def oldest_first(total: int, page: int) -> list[Disagreement]:
    """A page of those that wait, counted from the end: the store lists the latest first."""
    first = max(0, total - (page + 1) * WAITING)
    found = feedback.disagreements(desk, unanswered=True, limit=total - page * WAITING - first, offset=first)
    return found[::-1]


st.html(
    '<h1>Answers</h1><p class="facts">Where a rep sees a moment differently. What you answer, they read beside it. '
    "Both words count when we check how good the marks are.</p>"
)
waiting = feedback.count_disagreements(desk, unanswered=True)
answered = feedback.count_disagreements(desk, answered=True)
if waiting:
    draw.draw_waiting(oldest_first(waiting, page_of(waiting, WAITING, "waiting")), about, answer)
else:
    draw.draw_none(bool(answered))
if answered:
    st.html("<h2>Answered</h2>")
    page = page_of(answered, ANSWERED, "answered")
    draw.draw_answered(feedback.disagreements(desk, answered=True, limit=ANSWERED, offset=page * ANSWERED))
