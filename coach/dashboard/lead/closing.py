"""Closing a coaching session: one focus, what was agreed, and until when."""

from collections.abc import Callable, Sequence
from datetime import date, timedelta

import streamlit as st

from coach.dashboard.lead.following import focus
from coach.store.coaching.sessions import Item
from coach.tone.rubric import BEHAVIOURS

WEEKS = 4
Close = Callable[[str, str, date | None], None]


def choices(items: Sequence[Item]) -> list[str]:
    """The behaviours, those of the session's moments first, strengths before habits."""
    named = {name for item in items if item.found for name in item.found.moment.behaviours}
    return sorted(BEHAVIOURS, key=lambda name: (name not in named, BEHAVIOURS[name] != "empathy"))


def draw_closing(items: Sequence[Item], close: Close) -> None:
    with st.form("closing"):
        st.html('<p class="facts">Both of you read this afterwards.</p>')
        chosen = st.selectbox(
            "One thing to look at", choices(items), index=None, format_func=focus, placeholder="Choose together"
        )
        agreed = st.text_area("What you agreed on", max_chars=2000, height=110, placeholder="In the rep's own words")
        first = date.today()
        due = st.date_input("Until when", first + timedelta(weeks=WEEKS), min_value=first)
        if st.form_submit_button("Close the session", type="primary"):
            if chosen is None:
                st.error("Choose one thing to look at: a strength to build on, or a habit to change.")
            else:
                close(chosen, agreed.strip(), due)
