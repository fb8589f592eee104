"""The audit trail: who opened, played, exported and changed what, and when."""

import streamlit as st

from coach.dashboard import resources
from coach.dashboard.operations import trail as draw
from coach.export.trail import taken_along
from coach.store import trail

PAGE, MOST = 25, 50_000


desk = resources.desk()
st.html(
    '<h1>Audit trail</h1><p class="facts">Who opened, played, exported or changed what. Calls are named by number: '
    "nothing is said of what is in them.</p>"
)
wanted = draw.draw_filter(trail.people(desk), trail.actions(desk))
number = trail.count_entries(desk, wanted)
if not number:
    draw.draw_none(any_at_all=wanted != trail.EVERYTHING)
else:
    pages = -(-number // PAGE)
    page = min(st.pagination(pages, key=f"trail-{hash(wanted)}"), pages) - 1 if pages > 1 else 0
    draw.draw_entries(trail.entries(desk, wanted, PAGE, page * PAGE))
    draw.draw_download(number, MOST, lambda: taken_along(desk, wanted, MOST))
