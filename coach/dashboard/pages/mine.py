"""Somebody's own notes, and what they see differently."""

import streamlit as st

from coach.dashboard import resources
from coach.dashboard.rep import mine, overview
from coach.dashboard.rep.feedback import quietly
from coach.store.said import feedback

PAGE_SIZE = 10

desk = resources.desk()
st.html('<h1>My notes</h1><p class="facts">Your notes are for you alone.</p>')


def opens(call_id: int) -> bool:
    return desk.call(call_id) is not None


if mine.draw_choice() == mine.NOTES:
    page = overview.draw_pages(feedback.count_notes(desk), PAGE_SIZE)
    found = feedback.notes(desk, limit=PAGE_SIZE, offset=page * PAGE_SIZE)
    mine.draw_notes(found, opens, lambda note: quietly(feedback.remove_note, desk, note))
else:
    page = overview.draw_pages(feedback.count_disagreements(desk, mine=True), PAGE_SIZE)
    answers = feedback.disagreements(desk, mine=True, limit=PAGE_SIZE, offset=page * PAGE_SIZE)
    alone = desk.person.role == "alone"
    mine.draw_disagreements(answers, opens, lambda number: quietly(feedback.withdraw, desk, number), alone)
