"""A recording handed in through the browser."""

from collections.abc import Callable

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from coach.audio import SUFFIXES
from coach.calls import InputError
from coach.dashboard import resources, routes
from coach.dashboard.operations import uploads
from coach.dashboard.words import markdown_free
from coach.store import Desk, Store, upkeep


def listening_on(bar: DeltaGenerator) -> Callable[[float], None]:
    def show(done: float) -> None:
        bar.progress(min(1.0, done), "Listening …")

    return show


def page(desk: Desk, store: Store) -> None:
    file = st.file_uploader("Recording of a call", type=sorted(SUFFIXES))
    rep = st.text_input("Who is the rep? (you may leave it empty)", max_chars=200, width=420).strip() or None
    if not (st.button("Listen to it", type="primary", disabled=file is None) and file):
        return
    bar = st.progress(0.0, "Getting ready …")
    try:
        with resources.one_at_a_time():
            upload = uploads.Upload(file.name, file.getvalue(), rep)
            call_id = uploads.add(upload, store, resources.reviewer, listening_on(bar))
    except InputError as error:
        bar.empty()
        st.error(markdown_free(str(error)))
        return
    desk.log("added", call_id)
    if desk.call(call_id):
        st.switch_page(routes.CALL, query_params={"id": str(call_id)})
    bar.empty()
    st.success(told(rep))


def told(rep: str | None) -> str:
    """For somebody who sees no calls."""
    if rep is None:
        return "It is scored. Nobody said who its rep is: until a list of recordings does, nobody sees it."
    return f"It is scored. {markdown_free(rep)} sees it among their calls."


desk = resources.desk()
st.html(
    '<h1>Add a recording</h1><p class="facts">It stays on the computer that runs Tone Coach: nothing is sent '
    "elsewhere. Two channels are best, the rep on one and the customer on the other.</p>"
)
page(desk, upkeep.intake(desk))
