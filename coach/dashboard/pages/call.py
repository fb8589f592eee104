"""One call: /call?id=ID."""

from dataclasses import replace

import streamlit as st

from coach.calls import InputError, Review, swap
from coach.dashboard import resources, routes
from coach.dashboard.call import draw_call
from coach.dashboard.words import markdown_free
from coach.store import CallRow, Store

ID_DIGITS = 9  # no more fit a database's integer


def page(store: Store, wanted: str) -> None:
    row = store.call(int(wanted)) if wanted.isdecimal() and len(wanted) <= ID_DIGITS else None
    review = row and store.review(row.id)
    if not row or not review:
        st.info("This call is not here. It may have been deleted.")
        return
    dark = st.context.theme.type == "dark"
    draw_call(
        row, review, lambda m: resources.clip_of(row, m), lambda swapped: decide(store, row, review, swapped), dark
    )


def decide(store: Store, row: CallRow, review: Review, swapped: bool) -> None:
    """Score the call again, now that somebody has said who the rep is."""
    call = swap(review.call) if swapped else replace(review.call, rep_confidence=1.0)
    try:
        with st.spinner("Scoring the call again …"), resources.one_at_a_time():
            rescored = resources.reviewer().rate(call)
    except InputError as error:
        st.error(markdown_free(str(error)))
    else:
        store.replace(row.id, rescored)


st.page_link(routes.CALLS, label="All calls", icon=":material/arrow_back:")
page(resources.store(), st.query_params.get("id", ""))
