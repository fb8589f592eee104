"""Recordings looked at a little ahead of time: fetched, known by their content, and told from those half written."""

import os
import tempfile
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path
from shutil import rmtree

from coach.batch.recordings import Recording, fetch, stamp_of
from coach.batch.workers import Result, Scored
from coach.calls import InputError, unexpected
from coach.store import DatabaseGone, digest_of

COPIES = "tone-coach-"  # folders of copies of what lies elsewhere; the number of the process follows
FindFile = Callable[[str, str], int | None]
FRESH = 600.0  # seconds: a file that changed in the last of them, and holds less than it says, is still being written
QUIET = 2.0  # seconds: a file that changed in the last of them is looked at again when they are over


@dataclass(frozen=True, slots=True)
class Known:
    """What a look at a recording told.

    `call` is the one that the store has of that very file; else `digest` is its content, unless nobody can read it:
    `problem` says why. `file` is what can be decoded here; what is `changing` is still being written.
    """

    recording: Recording
    stamp: str = ""
    call: int | None = None
    digest: str | None = None
    file: Path | None = None
    problem: str = ""
    changing: bool = False

    def forget_copy(self) -> None:
        """Remove the file if it is a copy."""
        if self.file and self.file != self.recording.path:
            rmtree(self.file.parent, ignore_errors=True)


@contextmanager
def copies() -> Iterator[Path]:
    """A folder for copies of what lies elsewhere, for as long as anybody may need one."""
    clean_up()
    with tempfile.TemporaryDirectory(prefix=f"{COPIES}{os.getpid()}-") as folder:
        yield Path(folder)


def looked_at(recordings: Iterable[Recording], find_file: FindFile, ahead: int, folder: Path) -> Iterator[Known]:
    """The recordings in their order, `ahead` of them looked at while others are still being worked on.

    Parameters
    ----------
    find_file : the call that there is of a file with this place and stamp, which need not be read again then
    folder : for `copies`, which the last recordings need longer than this runs
    """
    waiting = iter(recordings)
    with ThreadPoolExecutor(ahead) as pool:
        futures = deque(pool.submit(_look, recording, find_file, folder) for recording in islice(waiting, ahead))
        while futures:
            known = futures.popleft().result()
            futures.extend(pool.submit(_look, recording, find_file, folder) for recording in islice(waiting, 1))
            yield known


def still_there(known: Known) -> bool | None:
    """Whether the recording is what it was when it was looked at; None where it is gone."""
    try:
        return stamp_of(known.recording)[0] == known.stamp
    except InputError:
        return None


def _look(recording: Recording, find_file: FindFile, folder: Path) -> Known:
    known = Known(recording)
    try:
        stamp, age = stamp_of(recording)
        call = find_file(recording.place, stamp)
        if call is not None:
            return replace(known, call=call)
        if age is not None and age < QUIET:
            time.sleep(QUIET - max(0.0, age))
        file = fetch(recording, folder)
        known = replace(known, stamp=stamp, digest=digest_of(file), file=file)
        return replace(known, changing=not still_there(known))
    except DatabaseGone:
        raise
    except InputError as error:
        return replace(known, problem=str(error).removeprefix(f"{recording.path}: "))
    except OSError as error:
        return replace(known, problem=f"it cannot be read ({error.strerror or error})")
    except Exception as error:
        return replace(known, problem=unexpected(error))


def ends_early(known: Known, result: Result) -> bool:
    """Whether a file that has just been written holds clearly less than it says."""
    if not isinstance(result, Scored) or not result.length:
        return False
    missing = result.length - (result.review.call.duration or 0.0)
    with suppress(InputError):
        age = stamp_of(known.recording)[1]
        return age is not None and age < FRESH and missing > max(1.0, 0.02 * result.length)
    return False


def clean_up() -> None:
    """Remove the copies of processes that were killed: recordings must not stay behind."""
    for folder in Path(tempfile.gettempdir()).glob(f"{COPIES}*-*"):
        owner = folder.name.removeprefix(COPIES).partition("-")[0]
        if owner.isdigit() and not _runs(int(owner)):
            rmtree(folder, ignore_errors=True)


def _runs(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except OSError:
        return True
    return True
