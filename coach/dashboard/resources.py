"""What the pages share: the store, the models (loaded late), the sound of a moment."""

import threading
from pathlib import Path
from typing import TYPE_CHECKING

import streamlit as st

from coach import audio, settings
from coach.calls import Call, InputError, Moment, Stretch
from coach.dashboard.words import markdown_free
from coach.store import ALONE, CallRow, Desk, Person, Store, default_url

if TYPE_CHECKING:
    from coach.review import Reviewer

BEFORE, AFTER = 2.0, 1.0  # seconds heard around a moment


def desk() -> Desk:
    """What whoever looks at the page may see of the store."""
    return Desk(store(), person())


def person() -> Person:
    """Who looks at the page."""
    return ALONE


def store() -> Store:
    """The store; the page ends with a plain line where it cannot be opened."""
    try:
        return _opened(default_url())
    except InputError as error:
        st.error(markdown_free(str(error)))
        st.stop()


@st.cache_resource(show_spinner=False)
def _opened(url: str) -> Store:
    return Store(url)


@st.cache_resource(show_spinner=False)
def reviewer() -> "Reviewer":
    from coach.review import Reviewer  # torch comes with it: pages that only read must not wait for that

    named = {name: value for name in ("engine", "model", "tone") if (value := settings.value(name))}
    thresholds = settings.value("thresholds")
    return Reviewer(**named, thresholds=Path(thresholds) if thresholds else None)


@st.cache_resource(show_spinner=False)
def one_at_a_time() -> threading.Lock:
    """The models serve one session at a time: they are not made to be shared by threads."""
    return threading.Lock()


def recording_of(row: CallRow) -> str | None:
    """Where a call's recording is; None where it is no longer there."""
    return row.recording if row.recording and Path(row.recording).is_file() else None


def clip_of(row: CallRow, call: Call, moment: Moment) -> bytes | None:
    """The sound of a moment as wav, silent where personal numbers are said; None where it has no times, or the
    recording is no longer there."""
    recording = recording_of(row)
    if recording is None or moment.start is None or moment.end is None:
        return None
    return _cut(recording, max(0.0, moment.start - BEFORE), moment.end + AFTER, call.redacted)


@st.cache_data(max_entries=200, show_spinner=False)
def _cut(recording: str, start: float, end: float, muted: tuple[Stretch, ...]) -> bytes | None:
    try:
        return audio.clip(recording, start, end, muted)
    except InputError:
        return None
