"""A batch in a process of its own that tries again what was marked: nobody need wait, and no page need stay open."""

import os
import shutil
import sys
from pathlib import Path
from subprocess import DEVNULL, STDOUT, Popen

from coach.store import Store

LOG = "again.log"
COMMAND = ("batch", "--again", "marked")
_NICE = ("nice", "-n", "10")  # the pages come first
_SHOWN = 10  # lines


class Again:
    """The last such batch that this server has started. Whether it scores a recording twice is no concern of ours: the
    leases see to that."""

    def __init__(self) -> None:
        self._batch: Popen[bytes] | None = None
        self._log: Path | None = None

    def start(self, store: Store) -> None:
        """Start one, unless it still runs. What it says goes to a file beside the database."""
        if self.runs:
            return
        self._log = store.folder / LOG
        gently = _NICE if shutil.which(_NICE[0]) else ()
        with open(self._log, "wb", opener=lambda path, flags: os.open(path, flags, 0o600)) as log:
            self._batch = Popen(
                [*gently, sys.executable, "-m", "coach", *COMMAND],
                env=os.environ | {"TONE_COACH_DB": store.url},  # not as an option: others may list processes
                stdin=DEVNULL,
                stdout=log,
                stderr=STDOUT,
                start_new_session=True,
            )

    @property
    def runs(self) -> bool:
        return self._batch is not None and self._batch.poll() is None

    @property
    def said(self) -> str:
        """The last lines of one that has ended."""
        if self._batch is None or self._log is None or self.runs or not self._log.is_file():
            return ""
        return "\n".join(self._log.read_text("utf-8", "replace").splitlines()[-_SHOWN:])
