"""Data care: what is old goes, and who asks to be forgotten is. A recording goes before what the store knows of it, so
that a run that breaks off is finished by the next one, and no sound is left that nobody knows of."""

import hashlib
import re
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Literal

import fsspec

from coach.calls import InputError
from coach.store import Store, care, trail
from coach.store.care import Found
from coach.store.engine import erase

Kind = Literal["recordings", "transcripts", "all", "trail"]
Say = Callable[[str], None]
DAYS = {"d": 1, "w": 7}


@dataclass(slots=True)
class Outcome:
    """What was removed, in numbers. Recordings that are `left` could not be removed; what is known of them stays.

    `gone` counts recordings that were no longer where the store knew them, `kept` those that nobody asked to remove,
    `failed` those as old that no batch could score, which nothing here touches; `rows` says what of whole calls went.
    """

    recordings: int = 0
    gone: int = 0
    left: int = 0
    kept: int = 0
    failed: int = 0
    transcripts: int = 0
    rows: Counter[str] = field(default_factory=Counter)


def past(text: str, now: datetime) -> datetime:
    """A point in time: "90d" or "12w" before `now`, or a date (ISO 8601, local where it names no zone).

    Raises
    ------
    ValueError, OverflowError
        Where it is neither.
    """
    age = re.fullmatch(r"(\d+)([dw])", text)
    if age:
        return now - timedelta(days=int(age[1]) * DAYS[age[2]])
    return datetime.fromisoformat(text).astimezone()


def purge(store: Store, before: datetime, kinds: Sequence[Kind], say: Say, dry_run: bool = False) -> Outcome:
    """Remove what is kept of calls that took place (where that is not known: were added) before a point in time.

    Parameters
    ----------
    kinds
        "recordings": the sound files; "transcripts": all words, while scores, behaviours and counts stay;
        "all": the calls, with their recordings; "trail": entries of the audit trail that are as old.
    say
        Called with one line for each recording that could not be removed, or is left alone.

    Raises
    ------
    InputError
        Where that is done, but traces may still be in the database's file.
    """
    old, outcome = care.older_than(before), Outcome(failed=care.failed_before(store, before))
    if "all" in kinds:
        for calls in care.found(store, old):
            cleared = _without_recordings(store, calls, outcome, say, dry_run)
            outcome.rows += care.remove_calls(store, cleared, dry_run)
    if "recordings" in kinds:
        for calls in care.found(store, old, care.HAS_RECORDING):
            cleared = _without_recordings(store, calls, outcome, say, dry_run)
            if not dry_run:
                care.forget_recordings(store, cleared)
    if "transcripts" in kinds:
        for calls in care.found(store, old, care.HAS_WORDS):
            outcome.transcripts += len(calls)
            if not dry_run:
                care.remove_words(store, calls)
    if "trail" in kinds:
        outcome.rows["entries of the trail"] = trail.remove_before(store, before, dry_run)
    if not dry_run:
        trail.note(store, trail.PURGED, what=", ".join(kinds), before=f"{before:%Y-%m-%d}", **_numbers(outcome))
        erase(store._writing)
    return outcome


def forget(
    store: Store,
    say: Say,
    *,
    rep: str | None = None,
    customer: str | None = None,
    keep_recordings: bool = False,
    dry_run: bool = False,
) -> Outcome:
    """Remove all calls of a rep, or of a customer by their reference, what hangs on them, and what failed of theirs.

    Raises
    ------
    InputError
        Where nothing is kept about them, or as for `purge`.
    """
    outcome, seen = Outcome(), rep is not None and care.has_rep(store, rep)
    for calls in care.found(store, care.about(rep, customer)):
        seen = True
        cleared = _cleared(store, calls, outcome, say, dry_run, keep_recordings)
        outcome.rows += care.remove_calls(store, cleared, dry_run)
    if unscored := care.unscored(store, rep, customer):
        seen = True
        cleared = _cleared(store, unscored, outcome, say, dry_run, keep_recordings)
        outcome.rows += care.remove_unscored(store, cleared, dry_run)
    if not seen:
        who = f"a rep named {rep}" if customer is None else f"a customer with the reference {customer}"
        raise InputError(f"nothing is kept about {who}; it must be written as it is in `coach calls` or the manifest")
    if not dry_run:
        if rep is not None:
            care.remove_rep(store, rep)
        trail.note(store, trail.FORGOTTEN, whom="a rep" if rep else "a customer", **_numbers(outcome))
        erase(store._writing)
    return outcome


def _numbers(outcome: Outcome) -> dict[str, int]:
    found = {"recordings": outcome.recordings, "transcripts": outcome.transcripts} | outcome.rows
    return {name: number for name, number in found.items() if number}


def _cleared(
    store: Store, found: Sequence[Found], outcome: Outcome, say: Say, dry_run: bool, keep_recordings: bool
) -> Sequence[Found]:
    if not keep_recordings:
        return _without_recordings(store, found, outcome, say, dry_run)
    outcome.kept += sum(each.recording is not None for each in found)
    return found


def _without_recordings(store: Store, found: Sequence[Found], outcome: Outcome, say: Say, dry_run: bool) -> list[Found]:
    """Remove recordings; returns what has none any more. What keeps its recording would be lost from sight."""
    cleared = []
    for each in found:
        try:
            if each.recording and _remove_file(each.recording, each.digest, store.folder / "recordings", dry_run):
                outcome.recordings += 1
            elif each.recording:
                outcome.gone += 1
                say(f"{each.recording}: another recording is there by now, and is left alone")
        except FileNotFoundError:
            outcome.gone += 1
        except Exception as error:  # each kind of storage has its own errors, and one file must not stop the others
            outcome.left += 1
            reason = getattr(error, "strerror", None) or str(error).partition("\n")[0] or type(error).__name__
            say(f"{each.recording}: cannot be removed ({reason}); what is kept of it stays until it can")
            continue
        cleared.append(each)
    return cleared


def _remove_file(recording: str, digest: str | None, uploads: Path, dry_run: bool) -> bool:
    """Remove a recording; False where another one is in its place.

    Raises
    ------
    InputError
        Where nobody knows what it holds, since it could never be read.
    """
    is_url = "://" in recording
    files, path = fsspec.url_to_fs(recording) if is_url else (fsspec.filesystem("file"), recording)
    with files.open(path, "rb") as file:  # asking whether it `exists` would take an unreachable place for an empty one
        content = hashlib.file_digest(file, "sha256").hexdigest()
    if digest is None:
        raise InputError(
            "no batch could read it, so that nobody knows whether it is this one; look, and remove it yourself"
        )
    if content != digest:
        return False
    if not dry_run:
        files.rm_file(path)
        folder = Path(path).parent
        if not is_url and folder.parent == uploads and not any(folder.iterdir()):
            folder.rmdir()
    return True
