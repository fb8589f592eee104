"""The people who may sign in: a list, and a dialog for each."""

from collections.abc import Callable
from dataclasses import replace
from html import escape

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from coach.calls import InputError
from coach.dashboard.doors.admitting import Doing, Wanted
from coach.dashboard.words import markdown_free, sentence
from coach.store.accounts.accounts import ROLES, AccountRow

ROLE = {"rep": "Rep", "lead": "Team lead", "operations": "Operations", "admin": "Admin"}
MAY = {
    "rep": "hears their own calls",
    "lead": "coaches a team, with what its reps share",
    "operations": "looks after runs and storage; sees no calls",
    "admin": "lets people in and sets the policy; sees no calls",
}
ALONE = (
    '<div class="empty"><h2>It is only you here</h2><p>Nobody has to sign in on this computer. '
    "To let others in, make the first account on the command line; from then on everybody signs in:</p></div>"
)
HAND_OVER = "Hand this password over yourself. It is shown once, here; they can change it after they have signed in."


def draw_alone() -> None:
    st.html(ALONE)
    st.code("coach accounts add NAME --role admin", language=None)


def draw_add(doing: Doing) -> None:
    if st.button("Let somebody in", icon=":material/person_add:", type="primary"):
        draw_adding(doing)


def draw_search() -> str:
    return st.text_input("Find", placeholder="Name or login", key="find", bind="query-params", max_chars=100, width=280)


def draw_people(rows: list[AccountRow], doing: Doing) -> None:
    if not rows:
        st.html('<p class="facts">Nobody is called that.</p>')
    for row in rows:
        with st.container(border=True, key=f"account-{row.id}", horizontal=True, vertical_alignment="center"):
            st.html(_summary(row))
            label = f"{'Restore' if row.removed_at else 'Change'} {markdown_free(row.name)}"
            if st.button(label, key=f"open-{row.id}", type="tertiary"):
                draw_changing(row, doing)


def _summary(row: AccountRow) -> str:
    if row.removed_at:
        return f'<h3>{escape(row.name)}</h3><p class="facts">removed on {row.removed_at:%d %B %Y}</p>'
    facts = [ROLE[row.role], row.login if row.login != row.name else "", f"calls of {row.rep}" if row.rep else ""]
    facts += [f"leads {', '.join(row.teams)}" if row.teams else "", "" if row.has_password else "through your provider"]
    return f'<h3>{escape(row.name)}</h3><p class="facts">{escape(" · ".join(fact for fact in facts if fact))}</p>'


@st.dialog("Let somebody in", on_dismiss="rerun")
def draw_adding(doing: Doing) -> None:
    place = st.empty()
    with place.form("new", border=False):
        login = st.text_input("Login", help="One word, or the e-mail address that your provider knows.", max_chars=200)
        wanted = _fields(login, None)
        how = st.radio("They sign in with", ["a password", "your provider"], horizontal=True)
        sent = st.form_submit_button("Let them in", type="primary")
    if sent:
        _do(place, lambda: doing.add(replace(wanted, with_password=how == "a password")))


@st.dialog("Account", on_dismiss="rerun")
def draw_changing(row: AccountRow, doing: Doing) -> None:
    place = st.empty()
    if row.removed_at:
        asked = f"Let {markdown_free(row.name)} in again, as the same person as before"
        if place.button(asked, type="primary"):
            _do(place, lambda: doing.restore(row.login))
        return
    with place.container():
        with st.form("account", border=False):
            wanted = _fields(row.login, row)
            sent = st.form_submit_button("Save", type="primary")
        with st.container(horizontal=True):
            renew = st.button("New password", icon=":material/key:", help="They are signed out everywhere.")
            gone = st.button(
                "Remove", icon=":material/person_remove:", help="They sign in no more. What they did stays."
            )
    if sent:
        _do(place, lambda: doing.change(wanted))
    elif renew:
        _do(place, lambda: doing.renew(row.login))
    elif gone:
        _do(place, lambda: doing.remove(row.login))


def _fields(login: str, row: AccountRow | None) -> Wanted:
    name = st.text_input("Name", row.name if row else "", max_chars=200)
    at = ROLES.index(row.role) if row else 0
    captions = [MAY[role] for role in ROLES]
    role = st.radio("Role", ROLES, at, format_func=lambda role: ROLE[role], captions=captions)
    rep = st.text_input(
        "Whose calls are theirs", (row and row.rep) or "", help="As the calls name them.", max_chars=200
    )
    teams = st.text_input("Teams that they lead", ", ".join(row.teams) if row else "", help="With commas between them.")
    return Wanted(login, name, role, rep, tuple(team.strip() for team in teams.split(",") if team.strip()))


def _do(place: DeltaGenerator, what: Callable[[], str | None]) -> None:
    """What is wrong is said below the form; a password that was made up is shown in its place."""
    try:
        password = what()
    except InputError as error:
        st.error(markdown_free(sentence(error)))
        return
    if password is None:
        st.rerun()
    with place.container():
        st.code(password, language=None)
        st.caption(HAND_OVER)
