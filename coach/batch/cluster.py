"""Workers of a Ray cluster. What they find, and fail of, is what `coach.batch.workers` would on this machine."""

import math
import os
import signal
import socket
import threading
import time
import warnings
from collections import deque
from collections.abc import Iterable, Iterator
from pathlib import Path
from shutil import rmtree
from types import ModuleType
from typing import Any

from coach.batch.actor import Actor
from coach.batch.workers import FLOOR, LOADING, LOADS, TIMES_ITS_LENGTH, Failed, Failure, Job, Result, Scorer, limits
from coach.calls import InputError, unexpected

LOCAL = "ray"
_STORE = 100 * 2**20  # bytes that a Ray of this machine alone may hold: only reviews go through it
_TOKEN = Path("~/.ray/auth_token").expanduser()
_SETTINGS = {
    "RAY_USAGE_STATS_ENABLED": "0",  # Ray would tell its makers of its use
    "RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO": "0",  # as it will be; Ray warns of it otherwise
}
_QUIET = {"include_dashboard": False, "log_to_driver": False, "logging_level": "ERROR"}


class RayPool:
    """Up to `size` Ray actors, started as they are needed. Where some are lost and find no room, the others go on.

    Parameters
    ----------
    scorer : it is sent to the actors; nothing is loaded here
    threads : of each actor, where Ray is this machine's alone; in a cluster, they share the CPUs that there are
    address : "ray" for a Ray of this machine alone, which ends with the pool; otherwise that of a cluster, as
        `ray.init` has it. The recordings are sent to a cluster, and are read in place by a Ray of this machine.
    floor : seconds that any recording may take; five times its length is added

    Raises
    ------
    InputError
        Where Ray is not installed; from `submit`, where the cluster cannot be reached; from `wait`, where the models
        cannot be loaded.
    """

    def __init__(self, scorer: Scorer, size: int, threads: int, address: str = LOCAL, floor: float = FLOOR) -> None:
        self._ray = _ray()
        self._scorer, self._size, self._threads, self._address, self._floor = scorer, size, threads, address, floor
        self._waiting: deque[tuple[Job, Any]] = deque()
        self._workers: list[_Worker] = []
        self._actors: Any = None
        self._session: Path | None = None
        self._connected, self._failed_loads = False, 0

    @property
    def busy(self) -> int:
        return len(self._waiting) + sum(worker.job is not None for worker in self._workers)

    @property
    def free(self) -> bool:
        return self.busy < self._size

    def submit(self, job: Job, key: Any) -> None:
        """Give a job to the next actor that is idle; `key` comes back with its result."""
        if self._actors is None:
            self._connect()
        self._waiting.append((job, key))
        self._hand_out()

    def wait(self) -> list[tuple[Any, Result]]:
        """The next results: one at least if there are jobs."""
        found: list[tuple[Any, Result]] = []
        while not found and self.busy:
            self._hand_out()
            awaited = {worker.answer: worker for worker in self._workers if worker.answer is not None}
            patience = min(worker.deadline for worker in awaited.values()) - time.monotonic()
            answers, _ = self._ray.wait(list(awaited), timeout=max(0.0, patience))
            for answer in answers:
                found += self._hear(awaited[answer])
            if not answers:
                for worker in awaited.values():
                    found += self._overdue(worker)
        return found

    def close(self) -> None:
        for worker in self._workers:
            worker.kill()
        self._workers = []
        if self._connected:
            self._ray.shutdown()
        if self._session:
            rmtree(self._session, ignore_errors=True)

    def _connect(self) -> None:
        if not self._ray.is_initialized():
            self._connected = True
            self._session = _begin(self._ray, self._address, self._size * self._threads)
        nodes = [node["Resources"] for node in self._ray.nodes() if node["Alive"]]
        if self._address != LOCAL:
            self._threads = _threads([int(node.get("CPU", 0)) for node in nodes], self._size)
        self._actors = self._ray.remote(Actor).options(
            num_cpus=self._threads,
            num_gpus=_share(sum(node.get("GPU", 0.0) for node in nodes), self._size),
            scheduling_strategy="SPREAD",
            runtime_env={"env_vars": limits(self._threads)},
        )

    def _hand_out(self) -> None:
        for worker in self._workers:
            if worker.idle and self._waiting:
                worker.give(*self._waiting.popleft(), sends=self._address != LOCAL)
        starting = sum(not worker.loaded for worker in self._workers)
        for _ in range(min(len(self._waiting) - starting, self._size - len(self._workers))):
            self._workers.append(_Worker(self._ray, self._actors.remote(), self._scorer, self._floor))

    def _hear(self, worker: "_Worker") -> Iterator[tuple[Any, Result]]:
        try:
            said = self._ray.get(worker.answer)
        except self._ray.exceptions.RayTaskError as error:
            if worker.job is None:
                raise InputError(f"the models cannot be loaded: {unexpected(error.cause)}") from error
            said = Failed("unexpected", unexpected(error.cause))
        except self._ray.exceptions.OutOfMemoryError:
            yield from self._lose(worker, "out of memory", "its node had no more memory, and stopped what scored it")
            return
        except self._ray.exceptions.RayError as error:
            yield from self._lose(worker, "crashed", _why(error))
            return
        if said == "loaded":
            self._failed_loads = 0
            worker.rest()
        elif isinstance(said, float):
            worker.go_on(said)
        elif isinstance(said, str):
            raise InputError(said)
        else:
            yield worker.key, said
            worker.rest()
            if isinstance(said, Failed) and said.kind == "out of memory":
                self._drop(worker)

    def _overdue(self, worker: "_Worker") -> Iterator[tuple[Any, Result]]:
        if time.monotonic() < worker.deadline:
            return
        if worker.loaded:
            yield from self._lose(worker, "took too long", f"it was stopped after {worker.took:.0f} s")
        elif any(other.loaded for other in self._workers):
            worker.deadline += LOADING  # a node was lost, or is others': those that found room do the work
        else:
            raise InputError(f"no worker of the cluster was ready in {LOADING:.0f} s; are its CPUs in use?")

    def _lose(self, worker: "_Worker", kind: Failure, reason: str) -> Iterator[tuple[Any, Result]]:
        """A worker is gone: its job failed, unless the models were still being loaded."""
        self._drop(worker)
        if worker.job is not None:
            yield worker.key, Failed(kind, reason, worker.took)
            return
        self._failed_loads += 1
        if self._failed_loads >= LOADS:
            raise InputError(f"the models cannot be loaded: {reason}")

    def _drop(self, worker: "_Worker") -> None:
        worker.kill()
        self._workers.remove(worker)


class _Worker:
    """The near end of one actor. `answer` is what it is to say next."""

    def __init__(self, ray: ModuleType, actor: Any, scorer: Scorer, floor: float) -> None:
        self._ray, self._actor, self._floor = ray, actor, floor
        self.loaded, self.since, self.deadline = False, time.monotonic(), time.monotonic() + LOADING
        self.job: Job | None = None
        self.key: Any = None
        self.answer: Any = actor.load.remote(scorer, dict(scorer.versions))

    @property
    def idle(self) -> bool:
        return self.loaded and self.job is None

    @property
    def took(self) -> float:
        return time.monotonic() - self.since

    def give(self, job: Job, key: Any, sends: bool) -> None:
        self.job, self.key, self.since = job, key, time.monotonic()
        self.deadline = self.since + self._floor
        try:
            self.answer = self._actor.begin.remote(job, Path(job.path).read_bytes() if sends else None)
        except OSError as error:
            self.answer = self._ray.put(Failed("cannot be read", f"it cannot be read ({error.strerror or error})"))

    def go_on(self, length: float) -> None:
        self.deadline += TIMES_ITS_LENGTH * length
        self.answer = self._actor.go_on.remote()

    def rest(self) -> None:
        self.loaded, self.job, self.answer = True, None, None

    def kill(self) -> None:
        self._ray.kill(self._actor)


def _ray() -> ModuleType:
    for name, value in _SETTINGS.items():
        os.environ.setdefault(name, value)
    if {"RAY_AUTH_TOKEN", "RAY_AUTH_TOKEN_PATH"} & os.environ.keys() or _TOKEN.exists():
        os.environ.setdefault("RAY_AUTH_MODE", "token")  # Ray itself would leave it where it is
    try:
        import ray
    except ImportError as error:
        raise InputError("Ray is not installed: pip install 'tone-coach[ray]'") from error
    return ray


def _begin(ray: ModuleType, address: str, cpus: int) -> Path | None:
    """Connect to a cluster, or start one here; its folder, if so."""
    ray._private.worker.print_to_stdstream = lambda *_, **__: None  # what dies is told on stdout, whatever is asked for
    terminate = signal.getsignal(signal.SIGTERM)
    try:
        if address != LOCAL:
            _reach(address)
            with warnings.catch_warnings(action="ignore"):
                ray.init(address, **_QUIET)
            return None
        begun = ray.init("local", num_cpus=cpus, object_store_memory=_STORE, **_QUIET)
        return Path(begun.address_info["session_dir"])
    except Exception as error:
        raise InputError(f"{address}: no Ray cluster can be used there ({_why(error)})") from error
    finally:
        if threading.current_thread() is threading.main_thread():
            signal.signal(signal.SIGTERM, terminate)  # Ray has its own, which ends without a word


def _reach(address: str) -> None:
    """Raise an OSError where nobody answers: Ray would wait for ever."""
    host, _, port = address.removeprefix("ray://").rpartition(":")
    if address != "auto":
        socket.create_connection((host, int(port)), timeout=10).close()


def _why(error: Exception) -> str:
    return next(filter(None, str(error).splitlines()), type(error).__name__)


def _threads(cpus: Iterable[int], size: int) -> int:
    """As many for each of `size` workers as find room on nodes with so many CPUs; one, where there is none for all."""
    fits = (n for n in range(sum(cpus) // size, 1, -1) if sum(cpu // n for cpu in cpus) >= size)
    return next(fits, 1)


def _share(gpus: float, size: int) -> float:
    """Of a GPU for each of `size` workers, so that all of them find room."""
    return 1.0 / math.ceil(size / gpus) if gpus >= 1 else 0.0
