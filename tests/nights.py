"""Batches to be run, and killed, in processes of their own; apart from the tests, so that one is there at once."""

import sys
from multiprocessing import get_context
from multiprocessing.process import BaseProcess
from pathlib import Path
from types import ModuleType
from unittest.mock import patch

from light import Light

from coach.batch import Batch, Outcome, recordings
from coach.store import Store

_PROCESSES = get_context("forkserver")
_PROCESSES.set_forkserver_preload(["coach.batch"])


def night(folder: Path, url: str, light: Light, **options) -> Outcome:
    """One batch, from beginning to end."""
    options = {"workers": 2, "lease": 0.6, "floor": 60.0} | options
    return Batch(Store(url), light, **options).run(recordings(folder))


def start(*what: object, **options: object) -> BaseProcess:
    """The same in another process, which need not import pytest first."""
    batch = _PROCESSES.Process(target=night, args=what, kwargs=options)
    with patch.dict(sys.modules, {"__main__": ModuleType("__main__")}):
        batch.start()
    return batch
