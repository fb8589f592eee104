"""The dashboard's entry: its pages and how to get to them. `coach dashboard` starts it."""

import streamlit as st

from coach.dashboard import resources, routes
from coach.dashboard.doors.signed_in import draw_signed_in

st.set_page_config(page_title="Tone Coach", page_icon=routes.ICON, layout="wide")
st.html(routes.STYLE)
person = resources.person()
draw_signed_in(person)
places = routes.places_of(person)
first = next(iter(places.values()))[0]
pages = {
    part: [
        st.Page(
            place.path,
            title=place.title,
            icon=place.icon or None,
            url_path=place.name,
            visibility="visible" if place.parts else "hidden",
            default=place is first,
        )
        for place in own
    ]
    for part, own in places.items()
}
st.navigation(pages, position="top").run()
