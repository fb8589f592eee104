"""What the pages share: the store, the models (loaded late), the sound of a moment."""

import threading
from pathlib import Path
from typing import TYPE_CHECKING

import streamlit as st

from coach import audio, settings
from coach.calls import Call, InputError, Moment, Stretch, Turn
from coach.dashboard.doors.guard import Doors
from coach.dashboard.doors.signed_in import draw_closed
from coach.dashboard.doors.visitors import who
from coach.dashboard.words import markdown_free
from coach.store import ALONE, CallRow, Desk, MomentRow, Person, Store, default_url

if TYPE_CHECKING:
    from coach.review import Reviewer

BEFORE, AFTER = 2.0, 1.0  # seconds heard around a moment


def desk() -> Desk:
    """What whoever looks at the page may see of the store."""
    return Desk(store(), person())


def person() -> Person:
    """Who looks at the page, as the store knows them now; for anybody else the page ends here."""
    found = who(store(), st.context.cookies, st.context.headers.get("Host"))
    if found is None or not (Doors.standing or found == ALONE):
        draw_closed(Doors.standing)
        st.stop()
    return found


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


def reviewer() -> "Reviewer":
    """What listens to a recording and rates it; it measures no delivery where the policy says so."""
    return _reviewer(store().policy.delivery != "off")


@st.cache_resource(show_spinner=False, max_entries=1)
def _reviewer(delivery: bool) -> "Reviewer":
    from coach.review import Reviewer  # torch comes with it: pages that only read must not wait for that

    named = {name: value for name in ("engine", "model", "tone") if (value := settings.value(name))}
    thresholds = settings.value("thresholds")
    return Reviewer(**named, delivery=delivery, thresholds=Path(thresholds) if thresholds else None)


@st.cache_resource(show_spinner=False)
def one_at_a_time() -> threading.Lock:
    """The models serve one session at a time: they are not made to be shared by threads."""
    return threading.Lock()


def recording_of(row: CallRow | MomentRow) -> str | None:
    """Where a call's recording is; None where it is no longer there."""
    return row.recording if row.recording and Path(row.recording).is_file() else None


def clip_of(row: CallRow | MomentRow, call: Call, moment: Moment | Turn) -> bytes | None:
    """The sound of a moment or a turn as wav, silent where personal numbers are said; None where it has no times, or
    the recording is no longer there."""
    recording = recording_of(row)
    if recording is None or moment.start is None or moment.end is None:
        return None
    return _cut(recording, max(0.0, moment.start - BEFORE), moment.end + AFTER, call.redacted)


def whole(row: CallRow, call: Call) -> bytes | None:
    """The sound of a whole call as mp3, silent where personal numbers are said; None where it is no longer there."""
    recording = recording_of(row)
    return _whole(recording, call.redacted) if recording else None


@st.cache_data(max_entries=10, ttl=3600, show_spinner=False)
def _whole(recording: str, muted: tuple[Stretch, ...]) -> bytes | None:
    try:
        return audio.player_copy(recording, muted)
    except InputError:
        return None


def log_once(desk: Desk, action: str, call_id: int) -> None:
    """Say in the audit trail that something was done with a call in this visit."""
    done: set[tuple[str, int, int | None]] = st.session_state.setdefault("logged", set())
    this = action, call_id, desk.person.account
    if this not in done:
        done.add(this)
        desk.log(action, call_id)


@st.cache_data(max_entries=200, show_spinner=False)
def _cut(recording: str, start: float, end: float, muted: tuple[Stretch, ...]) -> bytes | None:
    try:
        return audio.clip(recording, start, end, muted)
    except InputError:
        return None
