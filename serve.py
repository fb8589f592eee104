"""What `coach dashboard` serves: app.py, behind the doors that only those who are signed in get through."""

import sys

import streamlit as st
from starlette.middleware import Middleware

from coach.calls import InputError
from coach.dashboard.doors import provider
from coach.dashboard.doors.guard import Doors
from coach.dashboard.doors.sign_in import ways
from coach.store import Store, default_url

try:
    store = Store(default_url())
    provider.check()
except InputError as error:
    sys.exit(f"coach: {error}")
app = st.App("app.py", routes=ways(store), middleware=[Middleware(Doors, store=store)])
