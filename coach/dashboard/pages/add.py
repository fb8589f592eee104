"""A recording handed in through the browser."""

from collections.abc import Callable

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from coach.audio import SUFFIXES
from coach.calls import InputError
from coach.dashboard import resources, routes, uploads
from coach.dashboard.words import markdown_free


def listening_on(bar: DeltaGenerator) -> Callable[[float], None]:
    def show(done: float) -> None:
        bar.progress(min(1.0, done), "Listening …")

    return show


store = resources.store()
st.html(
    '<h1>Add a recording</h1><p class="facts">It stays on this computer: nothing is sent anywhere. '
    "Two channels are best, the rep on one and the customer on the other.</p>"
)
file = st.file_uploader("Recording of a call", type=sorted(SUFFIXES))
rep = st.text_input("Who is the rep? (you may leave it empty)", max_chars=200, width=420)
if st.button("Listen to it", type="primary", disabled=file is None) and file:
    bar = st.progress(0.0, "Getting ready …")
    upload = uploads.Upload(file.name, file.getvalue(), rep.strip() or None)
    try:
        with resources.one_at_a_time():
            call_id = uploads.add(upload, store, resources.reviewer, listening_on(bar))
    except InputError as error:
        bar.empty()
        st.error(markdown_free(str(error)))
    else:
        st.switch_page(routes.CALL, query_params={"id": str(call_id)})
