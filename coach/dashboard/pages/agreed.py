"""What a rep and their lead agreed on."""

from html import escape

import streamlit as st

from coach.dashboard import resources, words
from coach.dashboard.lead import coaching
from coach.dashboard.lead.following import draw_follow_up
from coach.dashboard.rep.overview import draw_pages
from coach.store.coaching.follow_up import follow_up
from coach.store.coaching.sessions import agreements, count_agreements, items

PAGE_SIZE = 3

desk = resources.desk()
st.html("<h1>My coaching</h1>")
total = count_agreements(desk)
page = draw_pages(total, PAGE_SIZE)
for row in agreements(desk, PAGE_SIZE, page * PAGE_SIZE):
    with st.container(border=True, key=f"agreed-{row.id}"):
        lead = f"With {row.lead}, " if row.lead else ""
        name = f" ({row.rep})" if desk.person.role == "alone" else ""
        st.html(f"<h2>{escape(lead + words.date_of(row.held_at or row.made_at) + name)}</h2>")
        coaching.draw_agreed(row)
        draw_follow_up(row, follow_up(desk, row), "h3")
        with st.expander("The moments you talked over"):
            coaching.draw_talked_over(items(desk, row.id))
if not total:
    coaching.draw_none_agreed()
