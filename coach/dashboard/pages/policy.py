"""Who sees what in the organisation, to be changed by an admin: /policy."""

import streamlit as st

from coach.calls import InputError
from coach.dashboard import resources
from coach.dashboard.doors.policy import draw_confirmation, draw_policy
from coach.dashboard.rep.sees import draw_changes
from coach.dashboard.words import markdown_free
from coach.store import Desk, Policy
from coach.store.looks import policy_changes


def change(desk: Desk, choice: Policy) -> None:
    try:
        removed = desk.set_policy(choice)
    except InputError as error:  # it is changed all the same: traces may be left in the file
        st.session_state["told"] = f"Changed. {error}"
    else:
        gone = f" How reps spoke was deleted, of {removed} call{'s' * (removed != 1)}." if removed else ""
        st.session_state["told"] = f"Changed, for everybody.{gone}"


def page(desk: Desk) -> None:
    now = desk.policy

    @st.dialog("Change the rules?")
    def ask(choice: Policy) -> None:
        draw_confirmation(now, choice, lambda: change(desk, choice))

    if told := st.session_state.pop("told", ""):
        st.success(markdown_free(told))
    draw_policy(now, ask)
    draw_changes(policy_changes(desk))


st.html(
    '<h1>Policy</h1><p class="facts">What leads see of the calls of their reps, and when. Reps always see all of '
    "their own. What changes here changes for everybody at once.</p>"
)
desk = resources.desk()
if desk.person.governs:
    page(desk)
else:
    st.info("This page is for admins.")
