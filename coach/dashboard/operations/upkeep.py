"""What is kept, by what it was scored, how old it is, and how it goes: for operations."""

from html import escape
from typing import Any

import streamlit as st

from coach.dashboard import words
from coach.store.trail import Entry
from coach.store.upkeep import Holding, Version

PURGES = {
    "The sound files": "coach purge --older-than {days}d --recordings",
    "What was said": "coach purge --older-than {days}d --transcripts",
    "The calls, with all that is known of them": "coach purge --older-than {days}d --all",
    "The audit trail": "coach purge --older-than {days}d --trail",
}


def draw_holding(found: Holding, handed_in: tuple[int, int, bool]) -> None:
    """`handed_in` are the recordings that came in by the browser: how many, their bytes, and whether these are all."""
    files, size, all_of_them = handed_in
    there = f"{files:,} ({words.size(size)})" if all_of_them else f"more than {files:,} (over {words.size(size)})"
    facts = {
        "Calls": f"{found.calls:,}",
        "Together": words.span(found.seconds),
        "The database": words.size(found.bytes) if found.bytes is not None else "size not known",
        "Recordings handed in here": there if files else "none",
        "The oldest call": words.date_of(found.oldest) if found.oldest else "",
        "Not scored, with the reason": f"{found.not_scored:,}",
        "Without a recording": f"{found.without_recording:,}",
        "Words removed": f"{found.without_words:,}",
    }
    pairs = (f"<div><dt>{name}</dt><dd>{escape(said)}</dd></div>" for name, said in facts.items() if said)
    st.html(
        f'<h2>What is kept</h2><dl class="holding">{"".join(pairs)}</dl>'
        '<p class="facts">Recordings that a run scored stay where they are, and are not counted here.</p>'
    )


def draw_versions(found: list[Version], now: dict[str, str] | None) -> None:
    st.html("<h2>By what they were scored</h2>")
    if not found:
        st.html('<p class="facts">Nothing is scored yet.</p>')
        return
    rows = [(_scorer(version.scorer, now), f"{version.calls:,}") for version in found]
    st.html(_table("Versions", "Calls", rows))
    others = sum(version.calls for version in found if version.scorer != now)
    if now and others:
        st.html(
            f"<p>{others:,} {_calls(others)} scored by other versions than those of the last run. This scores them "
            "again, as far as their recordings are there; what they had is kept beside:</p>"
        )
        st.code("coach batch SOURCE --rescore", language="bash")


def _scorer(scorer: dict[str, str], now: dict[str, str] | None) -> str:
    last = " <b>(the last run)</b>" if scorer == now else ""
    return f"{escape(words.versions(scorer))}{last}"


def draw_ages(found: Holding) -> None:
    st.html("<h2>How old it is</h2>")
    rows = [(f"Older than {days} days", f"{number:,}") for days, number in found.older.items()]
    st.html(_table("When the call took place, or else was added", "Calls", rows))


def draw_retention(settings: dict[str, Any], purges: list[Entry], older: dict[int, int]) -> None:
    """What the settings say of `coach purge`, when it last ran, and what there is to run."""
    st.html("<h2>Removing what is old</h2>")
    said = ", ".join(f"{name} {value}" for name, value in settings.items())
    rule = (
        f"The settings of <code>coach purge</code> say: {escape(said)}." if said else "The settings say nothing of it."
    )
    last = f"It last ran on {escape(_purged(purges[0]))}" if purges else "It never ran, as far as the trail goes back"
    st.html(f"<p>{rule} {last}. Nothing goes by itself: put the command into cron.</p>")
    days = st.selectbox("Commands for calls older than", list(older), format_func=lambda d: f"{d} days", width=260)
    for what, command in PURGES.items():
        st.html(f'<p class="facts">{what}</p>')
        st.code(command.format(days=days), language="bash", wrap_lines=True)
    st.html('<p class="facts">With <code>--dry-run</code> they only say what would go.</p>')


def _purged(entry: Entry) -> str:
    numbers = (f"{name} {value}" for name, value in entry.detail.items() if isinstance(value, int) and value)
    return " · ".join((words.moment_of(entry.at), *numbers))


def _calls(number: int) -> str:
    return "call was" if number == 1 else "calls were"


def _table(left: str, right: str, rows: list[tuple[str, str]]) -> str:
    """A table of two columns; what is in it is HTML."""
    body = "".join(f"<tr><td>{name}</td><td>{value}</td></tr>" for name, value in rows)
    head = f'<thead><tr><th scope="col">{left}</th><th scope="col">{right}</th></tr></thead>'
    return f'<table class="figures">{head}<tbody>{body}</tbody></table>'
