"""Many recordings into the store, unattended: nothing is lost, nothing done twice, and one bad file never stops it."""

import logging
import os
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import psutil
from sqlalchemy.exc import DBAPIError
from tqdm import tqdm

from coach.batch.ahead import Known, copies, ends_early, looked_at, still_there
from coach.batch.outcome import Event, Kind, Outcome, described, keep
from coach.batch.recordings import Recording
from coach.batch.workers import AGAIN, FLOOR, Failed, Job, Pool, Scored, Scorer, Workers
from coach.calls import InputError
from coach.store import GONE, LEASE, DatabaseGone, FailedRow, LeaseLost, Shift, Store, patiently, reason_of

PATIENCE = 600.0  # seconds that a database may be gone
EACH_WORKER, ALL_WORKERS = 1_600_000_000, 1_100_000_000  # bytes: its own, and what all share; `docs/scaling.md`
CHANGING = "it is still being written; the next run takes it"
_log = logging.getLogger(__name__)


def default_workers() -> int:
    """One for each core, as far as the memory that is free goes."""
    free = psutil.virtual_memory().available
    return max(1, min(cores(), (free - ALL_WORKERS) // EACH_WORKER))


def cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


class Batch:
    """One run over a list of recordings.

    Parameters
    ----------
    scorer
        A `coach.review.Reviewer` that has not loaded its models, or what behaves like one and can be pickled.
    tell
        Called with what became of each recording.
    workers
        Processes that score, each with its own models and its share of the cores.
    cluster
        Score in Ray actors rather than in processes of this machine: see `coach.batch.cluster.RayPool`.
    rescore
        Score again what another scorer had scored; its scores are kept beside.
    retry_failed
        Try again what failed before.
    limit
        So many recordings are scored at most.
    floor, lease, patience
        Seconds that any recording may take, after which others may take over what a dead batch had in hand, and
        that the database may be gone.
    """

    def __init__(
        self,
        store: Store,
        scorer: Scorer,
        tell: Callable[[Event], None] = lambda event: None,
        *,
        workers: int = 1,
        cluster: str | None = None,
        rescore: bool = False,
        retry_failed: bool = False,
        limit: int | None = None,
        floor: float = FLOOR,
        lease: float = LEASE,
        patience: float = PATIENCE,
    ) -> None:
        self._store, self._scorer, self._tell, self._workers = store, scorer, tell, workers
        self._rescore, self._retry_failed, self._limit = rescore, retry_failed, limit
        self._lease, self._patience = lease, patience
        self._pool = _pool(scorer, workers, cluster, floor)
        self._todo: list[Recording] = []
        self._again: set[Recording] = set()
        self._in_hand: set[str] = set()
        self._tries: Counter[str] = Counter()
        self._elsewhere: set[str] = set()
        self._so_far: dict[str, Any] = {}
        self.outcome = Outcome()

    def run(self, recordings: Iterable[Recording], source: str = "") -> Outcome:
        """Score what is to be scored.

        Raises
        ------
        InputError
            Where nothing can go on: the models cannot be loaded, or the database is gone. What is done is kept.
        """
        self._since, self._todo = time.monotonic(), list(recordings)
        self.outcome.total = len(self._todo)
        self._shift: Shift = self._patiently(self._store.begin, source, self._scorer.versions, self._lease)
        self._bar = tqdm(total=len(self._todo), desc="calls", unit="call", disable=None)
        try:
            with self._bar, _beating(self._shift, self._lease, lambda: self._so_far):
                self._rounds()
        except DBAPIError as error:
            raise DatabaseGone(f"the database cannot be used any more ({reason_of(error)})") from error
        except OSError as error:
            raise InputError(f"the batch cannot go on: {error}") from error
        finally:
            self._pool.close()
            with suppress(*GONE):
                self._shift.end(self._told())
        return self.outcome

    def preview(self, recordings: Iterable[Recording]) -> Iterator[Event]:
        """What `run` would do, as far as can be told before. Nothing is scored, and nothing kept."""
        failed = {row.digest: row for row in self._store.failures() if not (self._retry_failed or row.again_at)}
        with copies() as folder:
            for known in looked_at(recordings, self._find_file, 1, folder):
                known.forget_copy()
                yield self._foreseen(known, failed.get(known.digest or ""))

    def _foreseen(self, known: Known, failed: FailedRow | None) -> Event:
        if known.problem or known.changing:
            kind: Kind = "waiting" if known.changing else "failed"
            return Event(kind, known.recording, known.problem or CHANGING, "cannot be read")
        if known.digest is None or self._store.has(known.digest, self._only_by):
            return Event("already there", known.recording)
        if failed:
            return Event("failed", known.recording, f"failed before: {failed.reason}", failed.failure)
        return Event("to score", known.recording)

    def _rounds(self) -> None:
        """Once through all recordings, then through those to be tried again, or that another batch has in hand."""
        while self._todo:
            todo, self._todo, self._elsewhere = self._todo, [], set()
            with copies() as folder:
                self._round(todo, folder)
            if self._elsewhere:
                _log.info("waiting for another batch, which has %d recordings in hand", len(self._elsewhere))
            while self._elsewhere and self._patiently(self._shift.others_hold, self._elsewhere):
                time.sleep(min(5.0, self._lease / 4))

    def _round(self, todo: list[Recording], folder: Path) -> None:
        for known in looked_at(self._wanted(todo), self._find_file, self._workers + 1, folder):
            while not self._pool.free:
                self._settle()
            self._take(known)
        while self._pool.busy:
            self._settle()

    def _wanted(self, todo: list[Recording]) -> Iterator[Recording]:
        return (recording for recording in todo if recording in self._again or not self._is_enough())

    def _take(self, known: Known) -> None:
        """Claim a recording and give it to a worker, or say why not."""
        if known.problem:
            self._fail(known, Failed("cannot be read", known.problem))
        elif known.changing:
            self._report(Event("waiting", known.recording, CHANGING))
        elif known.digest is None:
            self._pass_over(known, known.call)
        elif known.digest in self._in_hand:
            self._todo.append(known.recording)  # its double is being scored
        elif self._tries[known.digest] or not self._is_enough():
            return self._claim(known, known.digest)
        known.forget_copy()

    def _claim(self, known: Known, digest: str) -> None:
        may = {"rescore": self._rescore, "retry_failed": self._retry_failed}
        claim = self._patiently(self._shift.claim, digest, known.recording.place, **may, **_whose(known))
        if claim.state == "ours":
            self._in_hand.add(digest)
            self._tries[digest] += 1
            self._pool.submit(Job(str(known.file), known.recording.rep_channel), known)
            return
        known.forget_copy()
        if claim.state == "held":
            self._elsewhere.add(digest)
            self._todo.append(known.recording)
        elif claim.state == "done":
            self._pass_over(known, self._patiently(self._store.find, digest))
        else:
            reason = f"failed before: {claim.reason} (--retry-failed tries it again)"
            self._report(Event("failed", known.recording, reason, claim.failure))

    def _pass_over(self, known: Known, call: int | None) -> None:
        """What is there already: what is known of it by now may be more than before."""
        said = described(known.recording)
        row = self._patiently(self._store.call, call) if any(said.values()) else None
        if row and any(value and getattr(row, name) is None for name, value in said.items()):
            self._patiently(self._store.describe, call, **said)
        self._report(Event("already there", known.recording))

    def _settle(self) -> None:
        """Wait for the workers, and keep what they found."""
        for known, result in self._pool.wait():
            self._in_hand.discard(known.digest)
            known.forget_copy()
            there = still_there(known)
            if there is False or ends_early(known, result):
                self._drop(known)
                self._report(Event("waiting", known.recording, CHANGING))
            elif isinstance(result, Scored):
                self._keep(known, result)
            elif there is None:
                self._drop(known)
                self._fail(replace(known, digest=None), Failed("cannot be read", "it vanished while it was scored"))
            elif result.kind in AGAIN and self._tries[known.digest] < 2:
                self._todo.append(known.recording)
                self._again.add(known.recording)
            else:
                self._fail(known, result)

    def _keep(self, known: Known, result: Scored) -> None:
        for warning in result.warnings:
            _log.warning(warning.replace(str(known.file), str(known.recording.path)))
        more = {"stamp": known.stamp, "run": self._shift.id}
        try:
            self._patiently(
                keep, known.recording, known.digest, self._store, result.review, self._scorer.versions, **more
            )
        except LeaseLost:
            return self._report(Event("already there", known.recording, "another batch was faster"))
        except DBAPIError as error:
            return self._fail(known, Failed("unexpected", f"it could not be stored: {reason_of(error)}"))
        reason = result.review.not_scored
        audio = result.review.call.duration or 0.0
        kind: Kind = "not scored" if reason else "scored"
        self._report(Event(kind, known.recording, reason or "", audio=audio, took=result.took))

    def _fail(self, known: Known, result: Failed) -> None:
        reason = result.reason.removeprefix(f"{known.file}: ")
        self._patiently(self._shift.fail, known.recording.place, result.kind, reason, known.digest, **_whose(known))
        self._report(Event("failed", known.recording, reason, result.kind, took=result.took))

    def _drop(self, known: Known) -> None:
        self._patiently(self._shift.drop, known.digest)

    def _report(self, event: Event) -> None:
        self.outcome.add(event)
        self._so_far = self._told()
        self._tell(event)
        self._bar.update()

    def _told(self) -> dict[str, Any]:
        self.outcome.took = time.monotonic() - self._since
        return self.outcome.as_dict()

    def _is_enough(self) -> bool:
        return self._limit is not None and len(self._tries) >= self._limit

    @property
    def _only_by(self) -> Mapping[str, str] | None:
        return self._scorer.versions if self._rescore else None

    def _find_file(self, place: str, stamp: str) -> int | None:
        return self._patiently(self._store.find_file, place, stamp, self._only_by)

    def _patiently(self, do: Callable[..., Any], *what: Any, **more: Any) -> Any:
        return patiently(lambda: do(*what, **more), self._patience)


def _pool(scorer: Scorer, workers: int, cluster: str | None, floor: float) -> Workers:
    threads = max(1, cores() // workers)
    if cluster is None:
        return Pool(scorer, workers, threads, floor)
    from coach.batch.cluster import RayPool

    return RayPool(scorer, workers, threads, cluster, floor)


def _whose(known: Known) -> dict[str, str | None]:
    return {"rep": known.recording.rep, "customer": known.recording.customer}


@contextmanager
def _beating(shift: Shift, lease: float, so_far: Callable[[], dict[str, Any]]) -> Iterator[None]:
    """Show while the batch works that it lives, and how far it has come."""
    done = threading.Event()

    def beat() -> None:
        while not done.wait(lease / 3):
            with suppress(*GONE):  # if the database is gone, the next beat may find it again
                shift.beat(so_far())

    thread = threading.Thread(target=beat, daemon=True)
    thread.start()
    try:
        yield
    finally:
        done.set()
        thread.join()
