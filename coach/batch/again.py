"""Recordings that failed before, wherever they lie, with what was known of them then."""

from collections.abc import Iterable
from contextlib import suppress
from dataclasses import replace
from pathlib import Path, PurePath

from coach.batch.recordings import MANIFESTS, PATTERN, Recording, recordings
from coach.calls import InputError
from coach.store import FailedRow


def failed_before(rows: Iterable[FailedRow], pattern: str = PATTERN) -> list[Recording]:
    """What to try again. The manifest in which a recording stood is read anew, if it is still there."""
    failed = list(rows)
    listed = {source: _listed(source, pattern) for source in {row.source for row in failed}}
    return [_named(row, listed[row.source].get(row.recording) or _found(row.recording, pattern)) for row in failed]


def _listed(source: str, pattern: str) -> dict[str, Recording]:
    if PurePath(source).suffix.lower() in MANIFESTS:
        with suppress(InputError):
            return {recording.place: recording for recording in recordings(source, pattern)}
    return {}


def _found(place: str, pattern: str) -> Recording:
    if "://" not in place and not Path(place).is_file():
        return Recording(Path(place))  # gone: the batch says so
    with suppress(InputError):
        return next(iter(recordings(place, pattern)), Recording(place))
    return Recording(place)


def _named(row: FailedRow, recording: Recording) -> Recording:
    return replace(recording, rep=recording.rep or row.rep, customer=recording.customer or row.customer)
