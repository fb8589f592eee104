"""A lead's coaching sessions."""

import streamlit as st

from coach.dashboard import resources, routes
from coach.dashboard.excerpts import suggested
from coach.dashboard.lead import coaching
from coach.dashboard.rep.overview import draw_pages
from coach.store.coaching import preparing
from coach.store.coaching.sessions import coached, count_sessions, sessions

PAGE_SIZE = 10

desk = resources.desk()


def prepare(rep: str) -> None:
    made = preparing.prepare(desk, rep, suggested(desk, rep))
    if made is not None:
        st.switch_page(routes.SESSION, query_params={"id": str(made)})


st.html("<h1>Coaching</h1>")
reps = coached(desk)
if reps:
    coaching.draw_prepare(reps, prepare)
    coaching.draw_sessions("Open", sessions(desk, limit=50), "No session is open.")
    if closed := count_sessions(desk, closed=True):
        page = draw_pages(closed, PAGE_SIZE)
        coaching.draw_sessions("Closed", sessions(desk, closed=True, limit=PAGE_SIZE, offset=page * PAGE_SIZE), "")
else:
    coaching.draw_no_team()
