"""One call: /call?id=ID."""

from dataclasses import replace

import streamlit as st

from coach.calls import InputError, Review, swap
from coach.dashboard import resources, routes
from coach.dashboard.call import draw_call
from coach.dashboard.spoken import Spoken
from coach.dashboard.words import markdown_free
from coach.store import CallRow, Store

ID_DIGITS = 9  # no more fit a database's integer


def page(store: Store, wanted: str) -> None:
    row = store.call(int(wanted), viewer=resources.VIEWER) if wanted.isdecimal() and len(wanted) <= ID_DIGITS else None
    review = row and store.review(row.id, viewer=resources.VIEWER)
    if not row or not review:
        st.info("This call is not here. It may have been deleted.")
        return
    dark = st.context.theme.type == "dark"
    spoken = how_it_was_spoken(store, row, review)
    draw_call(
        row,
        review,
        lambda m: resources.clip_of(row, review.call, m),
        lambda swapped: decide(store, row, swapped),
        spoken,
        dark,
    )


def how_it_was_spoken(store: Store, row: CallRow, review: Review) -> Spoken | None:
    """With what to compare how the rep spoke; None for a visitor who may not know."""
    policy = store.delivery_policy
    if policy != "off" and not store.shows_delivery(resources.VIEWER):
        return None
    return Spoken(policy, store.usual(row.rep, viewer=resources.VIEWER, besides=row.id, delivery=review.delivery))


def decide(store: Store, row: CallRow, swapped: bool) -> None:
    """Score the call again, now that somebody has said who the rep is; the voice is that of the other one then."""
    review = store.review(row.id, viewer="rep")  # all that is kept, so that none of it is lost, whoever decides
    if review is None:
        return
    recording = None if store.delivery_policy == "off" else resources.recording_of(row)
    call = swap(review.call) if swapped else replace(review.call, rep_confidence=1.0)
    try:
        with st.spinner("Scoring the call again …"), resources.one_at_a_time():
            rescored = resources.reviewer().rate(call, recording)
    except InputError as error:
        st.error(markdown_free(str(error)))
    else:
        store.replace(row.id, rescored)


st.page_link(routes.CALLS, label="All calls", icon=":material/arrow_back:")
page(resources.store(), st.query_params.get("id", ""))
