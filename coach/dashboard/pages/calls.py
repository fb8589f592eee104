"""The list of calls."""

import streamlit as st

from coach.dashboard import overview, resources
from coach.store import Filter

PAGE_SIZE = 20

desk = resources.desk()
st.html("<h1>Calls</h1>")
if not desk.count():
    overview.draw_empty()
else:
    wanted = Filter(rep=overview.draw_filter(desk.reps()))
    page = overview.draw_pages(desk.count(wanted), PAGE_SIZE)
    overview.draw_calls(desk.calls(wanted, PAGE_SIZE, page * PAGE_SIZE))
