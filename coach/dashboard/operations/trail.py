"""The audit trail: who did what, and when."""

from collections.abc import Callable
from datetime import date, datetime, time, timedelta
from html import escape
from itertools import groupby

import streamlit as st

from coach.dashboard import words
from coach.store.trail import COMMAND_LINE, NOBODY, Entry, Wanted

ANYBODY, ANYTHING = "Anybody", "Anything"
WITHOUT_ACCOUNT = "No account (the command line, or used alone)"
ID_DIGITS = 9  # no more fit a database's integer


def draw_filter(people: dict[int, str], actions: list[str]) -> Wanted:
    """What is wanted, as the visitor says."""
    names = {None: ANYBODY, NOBODY: WITHOUT_ACCOUNT} | people
    with st.container(horizontal=True, key="wanted"):
        who = st.selectbox("Who", list(names), format_func=names.__getitem__, key="who", width=250)
        action = st.selectbox("Did what", [ANYTHING, *actions], key="action", width=180)
        days = st.date_input("From (and until)", [], key="days", max_value="today", width=240)
        call = st.text_input("Call", placeholder="number", max_chars=ID_DIGITS, key="call", width=110).strip()
    if call and not call.isdecimal():
        st.warning("A call has a number, as in the address of its page.")
    since, until = _between(days)
    return Wanted(who, None if action == ANYTHING else action, since, until, int(call) if call.isdecimal() else None)


def _between(days: tuple[date, ...]) -> tuple[datetime | None, datetime | None]:
    """One day alone is meant as from then on; local days are meant."""
    begins = [datetime.combine(day, time.min).astimezone() for day in days]
    until = datetime.combine(days[1] + timedelta(days=1), time.min).astimezone() if len(days) > 1 else None
    return (begins[0] if begins else None), until


def draw_entries(entries: list[Entry]) -> None:
    for day, done in groupby(entries, lambda entry: words.day_of(entry.at)):
        lines = "".join(f"<li>{_line(entry)}</li>" for entry in done)
        st.html(f'<h2>{escape(day)}</h2><ul class="trail">{lines}</ul>')


def _line(entry: Entry) -> str:
    call = f" call {entry.call_id}" if entry.call_id else ""
    detail = ", ".join(f"{name.replace('_', ' ')} {value}" for name, value in entry.detail.items() if name != "by")
    return (
        f'<span class="time">{entry.at.astimezone():%H:%M:%S}</span><span><b>{escape(_who(entry))}</b> '
        f'{escape(entry.action)}{call}</span><span class="facts">{escape(detail)}</span>'
    )


def _who(entry: Entry) -> str:
    if entry.account is not None:
        return entry.who or f"Account {entry.account}, which is gone"
    return "The command line" if entry.detail.get("by") == COMMAND_LINE else "Who uses it alone"


def draw_none(any_at_all: bool) -> None:
    said = "Nothing of that kind was done." if any_at_all else "Nothing was done yet that would be noted."
    st.html(f'<p class="facts">{said}</p>')


def draw_download(number: int, most: int, content: Callable[[], bytes]) -> None:
    """`content` is made when somebody asks for it, and that is noted."""
    told = (
        f"Download the latest {most:,}"
        if number > most
        else f"Download all {number:,}"
        if number > 1
        else "Download it"
    )
    name = f"tone-coach-trail-{date.today()}.csv"
    st.download_button(f"{told} (CSV)", content, name, "text/csv", icon=":material/download:", on_click="ignore")
