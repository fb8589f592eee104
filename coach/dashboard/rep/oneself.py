"""Whose pages these are: a rep's own. Who is alone may look at each rep's."""

import streamlit as st

from coach.store import Desk


def whose(desk: Desk) -> str | None:
    """The rep whose calls are wanted; None where they are all the person's own."""
    reps = desk.reps() if desk.person.role == "alone" else []
    return st.selectbox("Calls of", reps, width=280, key="rep", bind="query-params") if reps else None
