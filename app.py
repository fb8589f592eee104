"""The dashboard's entry: its pages and how to get to them. `coach dashboard` starts it."""

import streamlit as st

from coach.dashboard import routes

st.set_page_config(page_title="Tone Coach", page_icon=routes.ICON, layout="wide")
st.html(routes.STYLE)
pages = [
    st.Page(routes.CALLS, title="Calls", icon=":material/forum:", url_path="calls", default=True),
    st.Page(routes.ADD, title="Add a recording", icon=":material/add:", url_path="add"),
    st.Page(routes.CALL, title="Call", url_path="call", visibility="hidden"),
]
st.navigation(pages, position="top").run()
