"""What to do while a database is gone, full or busy: wait for it, for a while."""

import logging
import time
from collections.abc import Callable
from typing import TypeVar

from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError

from coach.calls import InputError

FIRST, LONGEST = 0.5, 30.0  # seconds between two tries
PASSING = (
    "08",
    "40",
    "53",
    "55",
    "57",
    "58",
)  # SQLSTATE: connection, conflict, room, lock, shutdown, disk
GONE = (DBAPIError, OSError)  # pg8000 lets what the network says through as it is
_log = logging.getLogger(__name__)
_T = TypeVar("_T")


class DatabaseGone(InputError):
    """The database did not come back in time."""


def patiently(do: Callable[[], _T], patience: float) -> _T:
    """What `do` returns; where the database is gone, full or busy, it is tried again for `patience` seconds.

    `do` must be a whole transaction.

    Raises
    ------
    DatabaseGone
        Where that was not enough.
    """
    until, pause = time.monotonic() + patience, FIRST
    while True:
        try:
            return do()
        except GONE as error:
            if not will_pass(error):
                raise
            if time.monotonic() + pause > until:
                raise DatabaseGone(f"the database cannot be used any more ({reason_of(error)})") from error
            if pause == FIRST:
                _log.info("the database cannot be used (%s): trying again for %.0f s", reason_of(error), patience)
        time.sleep(pause)
        pause = min(2 * pause, LONGEST)


def will_pass(error: DBAPIError | OSError) -> bool:
    """Whether an error says nothing of what was asked, only of the state that the database is in."""
    if isinstance(error, OSError):
        return True
    state = _state(error)
    if state:
        return state[:2] in PASSING
    return error.connection_invalidated or isinstance(error, OperationalError | InterfaceError)


def reason_of(error: DBAPIError | OSError) -> str:
    """What a database says is wrong, in one line, without the data that it may quote."""
    if isinstance(error, OSError):
        return error.strerror or str(error)
    said = _said(error)
    return str(said.get("M") if said else error.orig).strip().partition("\n")[0]


def _state(error: DBAPIError) -> str:
    """SQLSTATE, as pg8000 or another driver of PostgreSQL tells it; empty elsewhere."""
    return str(_said(error).get("C") or getattr(error.orig, "sqlstate", None) or "")


def _said(error: DBAPIError) -> dict[str, str]:
    said = error.orig.args[0] if error.orig and error.orig.args else None
    return said if isinstance(said, dict) else {}
