"""The far end of a cluster: what scores there."""

import os
import platform
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from shutil import rmtree
from tempfile import mkdtemp

from coach.batch.ahead import COPIES, clean_up
from coach.batch.workers import Failed, Job, Result, Scored, Scorer, loaded, scoring


class Actor:
    """Loads the models once, then scores what comes; `coach.batch.cluster` makes a Ray actor of it."""

    def load(self, scorer: Scorer, versions: dict[str, str]) -> str:
        clean_up()
        self._scorer = scorer
        if scorer.versions != versions:
            return f"{platform.node()} has {scorer.versions}, and the batch {versions}: install the same on all nodes"
        said = loaded(scorer)
        return said if said == "loaded" else f"{platform.node()}: {said}"

    def begin(self, job: Job, sound: bytes | None) -> float | Result:
        """How long a recording says it is (s), unless it cannot be used. `sound` is its file where it was sent."""
        self._scoring = _sent(job, sound, self._scorer) if sound is not None else scoring(job, self._scorer)
        return next(self._scoring)

    def go_on(self) -> float | Result:
        return next(self._scoring)


def _sent(job: Job, sound: bytes, scorer: Scorer) -> Iterator[float | Result]:
    """The same for a recording that is no file here: a copy is, while it is needed."""
    copy = Path(mkdtemp(prefix=f"{COPIES}{os.getpid()}-")) / Path(job.path).name
    try:
        copy.write_bytes(sound)
        for said in scoring(replace(job, path=str(copy)), scorer):
            if not isinstance(said, float):
                rmtree(copy.parent)
            yield _of(said, str(copy), job.path)
    finally:
        rmtree(copy.parent, ignore_errors=True)


def _of(said: float | Result, copy: str, path: str) -> float | Result:
    """As if the recording had been read where it lies."""
    if isinstance(said, Failed):
        return replace(said, reason=said.reason.replace(copy, path))
    if isinstance(said, Scored):
        return replace(said, warnings=tuple(warning.replace(copy, path) for warning in said.warnings))
    return said
