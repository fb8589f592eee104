"""The list of calls."""

import streamlit as st

from coach.dashboard import resources, routes
from coach.dashboard.rep import overview

PAGE_SIZE = 20

desk = resources.desk()
st.html("<h1>Calls</h1>")
if not desk.count():
    overview.draw_empty(routes.OPERATIONS in routes.parts_of(desk.person))
else:
    wanted = overview.draw_filters(desk.reps(), desk.queues())
    if total := desk.count(wanted):
        page = overview.draw_pages(total, PAGE_SIZE)
        overview.draw_calls(desk.calls(wanted, PAGE_SIZE, page * PAGE_SIZE))
    else:
        overview.draw_none_found()
