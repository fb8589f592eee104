"""One's own password."""

import streamlit as st

from coach.dashboard import resources
from coach.dashboard.doors.signed_in import draw_password
from coach.store.accounts import signing

person = resources.person()
st.html('<h1>Your password</h1><p class="facts">You will sign in again with the new one, everywhere.</p>')
if person.role == "alone":
    st.html('<p class="notice">You use Tone Coach alone, without a password.</p>')
else:
    draw_password(lambda present, wanted: signing.change_password(resources.store(), person, present, wanted))
