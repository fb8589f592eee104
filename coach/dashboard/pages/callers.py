"""The same service for everyone?"""

import streamlit as st

from coach.dashboard import resources
from coach.dashboard.lead import callers
from coach.store.coaching.callers import service

desk = resources.desk()
st.html(
    '<h1>The same service for everyone</h1><p class="facts">Whether new, small or future customers, or those of some '
    "queue, are spoken to in another tone than others.</p>"
)
callers.draw_service(service(desk))
