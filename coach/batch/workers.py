"""Processes that score, each with its models loaded once. One that dies or hangs is replaced, and says of what it died.

Nothing here knows of stores or batches: a recording goes in, a review comes out. This module imports next to nothing,
so that a new process is there at once.
"""

import logging
import os
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from multiprocessing import connection, get_context, parent_process
from typing import Any, Literal, Protocol

from coach.batch import memory
from coach.calls import InputError, Review, unexpected

FLOOR = 600.0  # seconds that any recording may take
LOADING = 600.0  # seconds that the models may take to load
TIMES_ITS_LENGTH = 5  # may a recording take beyond that
DYING = 30.0  # seconds for a process to write a core dump: killed before, it would not say what it died of
LOADS = 3  # in a row may fail before nothing is tried any more
_CONTEXT = get_context("spawn")  # a forked process would share locks and threads of the models' libraries
_THREADS = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS")
Failure = Literal["cannot be read", "cannot be used", "crashed", "took too long", "out of memory", "unexpected"]
AGAIN: tuple[Failure, ...] = ("crashed", "took too long", "out of memory")  # may have been chance


class Scorer(Protocol):
    """What a worker needs of a `coach.review.Reviewer`. It is pickled before it has loaded anything."""

    @property
    def versions(self) -> dict[str, str]: ...
    def load(self) -> None: ...
    def length(self, recording: str) -> float | None: ...
    def review(self, recording: str, rep_channel: int | None = None) -> Review: ...


@dataclass(frozen=True, slots=True)
class Job:
    """A recording: the path of its file, and the rep's channel where it is known."""

    path: str
    rep_channel: int | None = None


@dataclass(frozen=True, slots=True)
class Scored:
    """A review; `length` (s) is what the file says, `took` (s) how long that was, `warnings` what was said."""

    review: Review
    length: float | None
    took: float
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Failed:
    kind: Failure
    reason: str
    took: float = 0.0


Result = Scored | Failed


def score(job: Job, scorer: Scorer) -> Review:
    """Review one recording; a pure function for any process whose models are loaded."""
    return scorer.review(job.path, rep_channel=job.rep_channel)


class Workers(Protocol):
    """What scores for a batch, wherever that is. Its owner waits and submits by turns."""

    @property
    def busy(self) -> int: ...
    @property
    def free(self) -> bool: ...
    def submit(self, job: Job, key: Any) -> None: ...
    def wait(self) -> list[tuple[Any, Result]]: ...
    def close(self) -> None: ...


class Pool:
    """Up to `size` processes of this machine, started as they are needed, with `threads` each.

    Parameters
    ----------
    scorer : it is sent to the workers; nothing is loaded here
    floor : seconds that any recording may take; five times its length is added

    Raises
    ------
    InputError
        From `wait`, where the models cannot be loaded.
    """

    def __init__(self, scorer: Scorer, size: int, threads: int, floor: float = FLOOR) -> None:
        self._scorer, self._size, self._threads, self._floor = scorer, size, threads, floor
        self._workers: list[_Worker] = []
        self._failed_loads = 0

    @property
    def busy(self) -> int:
        return sum(worker.job is not None for worker in self._workers)

    @property
    def free(self) -> bool:
        return self.busy < self._size

    def submit(self, job: Job, key: Any) -> None:
        """Give a job to a free worker; `key` comes back with its result."""
        worker = next((worker for worker in self._workers if worker.job is None), None) or self._start()
        worker.give(job, key)

    def wait(self) -> list[tuple[Any, Result]]:
        """The next results: one at least if any worker is busy."""
        found: list[tuple[Any, Result]] = []
        while not found and self.busy:
            busy = [worker for worker in self._workers if worker.job is not None]
            patience = min(worker.deadline for worker in busy) - time.monotonic()
            heard = connection.wait([worker.pipe for worker in busy], max(0.0, patience))
            for worker in busy:
                if worker.pipe in heard:
                    found += self._hear(worker)
                elif worker.deadline <= time.monotonic():
                    found += self._lose(worker, "took too long")
        return found

    def close(self) -> None:
        for worker in self._workers:
            worker.kill()
        self._workers = []

    def _start(self) -> "_Worker":
        worker = _Worker(self._scorer, self._threads, self._floor)
        self._workers.append(worker)
        return worker

    def _hear(self, worker: "_Worker") -> Iterator[tuple[Any, Result]]:
        try:
            said = worker.pipe.recv()
        except (EOFError, OSError):
            yield from self._lose(worker, "crashed")
            return
        if said == "loaded":
            self._failed_loads, worker.loaded = 0, True
            worker.deadline = time.monotonic() + self._floor
        elif isinstance(said, float):
            worker.deadline += TIMES_ITS_LENGTH * said
        elif isinstance(said, str):
            raise InputError(said)
        else:
            yield worker.take(), said
            if isinstance(said, Failed) and said.kind == "out of memory":
                self._drop(worker)  # a process that has run out of memory is not to be trusted

    def _lose(self, worker: "_Worker", kind: Failure) -> Iterator[tuple[Any, Result]]:
        """A worker is gone: its job failed, unless the models were still being loaded."""
        took, job = time.monotonic() - worker.since, worker.job
        self._drop(worker, dying=kind == "crashed")
        if worker.loaded:
            yield worker.take(), _cause(kind, worker.exit_code, took)
            return
        self._failed_loads += 1
        if self._failed_loads >= LOADS or job is None:
            raise InputError(f"the models cannot be loaded: {_cause(kind, worker.exit_code, took).reason}")
        self._start().give(job, worker.take())

    def _drop(self, worker: "_Worker", dying: bool = False) -> None:
        worker.kill(DYING if dying else 0.0)
        self._workers.remove(worker)


class _Worker:
    """The near end of one process."""

    def __init__(self, scorer: Scorer, threads: int, floor: float) -> None:
        self.pipe, theirs = _CONTEXT.Pipe()
        self._process = _CONTEXT.Process(target=_work, args=(theirs, threads), daemon=True)
        self._process.start()
        theirs.close()
        self.pipe.send(scorer)
        self._floor, self.loaded, self.exit_code = floor, False, 0
        self.job: Job | None = None
        self.key: Any = None

    def give(self, job: Job, key: Any) -> None:
        self.job, self.key, self.since = job, key, time.monotonic()
        self.deadline = self.since + (self._floor if self.loaded else LOADING)
        with suppress(OSError):  # it died while nobody looked: whoever waits for it hears so
            self.pipe.send(job)

    def take(self) -> Any:
        self.job = None
        return self.key

    def kill(self, patience: float = 0.0) -> None:
        self._process.join(patience)
        self._process.kill()
        self._process.join()
        self.exit_code = self._process.exitcode or 0
        self.pipe.close()


def _cause(kind: Failure, exit_code: int, took: float) -> Failed:
    if kind == "took too long":
        return Failed(kind, f"it was stopped after {took:.0f} s", took)
    if exit_code == -signal.SIGKILL:
        reason = "the process that scored it was killed, most likely for want of memory"
        return Failed("out of memory", reason, took)
    name = signal.Signals(-exit_code).name if exit_code < 0 else f"exit code {exit_code}"
    return Failed("crashed", f"the process that scored it died ({name})", took)


def _work(pipe: connection.Connection, threads: int) -> None:
    """The far end: load the models, then score what comes, until nothing comes any more."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the batch, which ends its workers
    threading.Thread(target=_end_with_parent, daemon=True).start()
    os.environ.update(limits(threads))
    try:
        scorer = pipe.recv()
        pipe.send(loaded(scorer))
        while True:
            for said in scoring(pipe.recv(), scorer):
                pipe.send(said)
    except (EOFError, OSError):
        os._exit(1)


def limits(threads: int) -> dict[str, str]:
    """The environment that holds what computes to so many threads, unless OMP_NUM_THREADS or its like say otherwise."""
    threads_of_all = os.environ.get(_THREADS[0], str(threads))
    return {name: os.environ.get(name, threads_of_all) for name in _THREADS}


def _end_with_parent() -> None:
    parent = parent_process()
    if parent:
        parent.join()
    os._exit(1)


def loaded(scorer: Scorer) -> str:
    """Load the models; "loaded", or why they cannot be."""
    memory.keep()
    try:
        scorer.load()
    except InputError as error:
        return str(error)
    except Exception as error:
        return f"the models cannot be loaded: {unexpected(error)}"
    return "loaded"


def scoring(job: Job, scorer: Scorer) -> Iterator[float | Result]:
    """Score a recording: first the seconds that it says it holds, then what was found; or at once why not."""
    since, heard = time.monotonic(), _Heard()
    try:
        length = scorer.length(job.path)
        yield float(length or 0.0)
        with heard:
            review = score(job, scorer)
        yield Scored(review, length, time.monotonic() - since, tuple(heard.warnings))
    except InputError as error:
        yield Failed("cannot be used", str(error), time.monotonic() - since)
    except Exception as error:
        yield _unforeseen(error, time.monotonic() - since)
    finally:
        memory.give_back()


def _unforeseen(error: Exception, took: float) -> Failed:
    if memory.is_wanting(error):
        return Failed("out of memory", "there was not enough memory to score it", took)
    return Failed("unexpected", unexpected(error), took)


class _Heard(logging.Handler):
    """What the library warns of while a recording is scored."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.warnings: list[str] = []

    def __enter__(self) -> None:
        logging.getLogger("coach").addHandler(self)

    def __exit__(self, *_: object) -> None:
        logging.getLogger("coach").removeHandler(self)

    def emit(self, record: logging.LogRecord) -> None:
        self.warnings.append(record.getMessage())
