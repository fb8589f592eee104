"""The list of calls."""

import streamlit as st

from coach.dashboard import overview, resources

PAGE_SIZE = 20

store = resources.store()
st.html("<h1>Calls</h1>")
if not store.count():
    overview.draw_empty()
else:
    rep = overview.draw_filter(store.reps())
    page = overview.draw_pages(store.count(rep=rep), PAGE_SIZE)
    overview.draw_calls(store.calls(rep=rep, limit=PAGE_SIZE, offset=page * PAGE_SIZE, viewer=resources.VIEWER))
