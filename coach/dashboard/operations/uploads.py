"""A recording handed in through the browser: kept under its content's checksum beside the database, reviewed."""

import hashlib
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path, PurePath
from typing import TYPE_CHECKING

from coach.batch import Recording, ingest
from coach.calls import InputError
from coach.store import Store

if TYPE_CHECKING:
    from coach.review import Reviewer


@dataclass(frozen=True, slots=True)
class Upload:
    """A file as the browser sent it, and the rep's name if somebody gave one."""

    name: str
    content: bytes
    rep: str | None = None


def add(upload: Upload, store: Store, reviewer: Callable[[], "Reviewer"], progress: Callable[[float], None]) -> int:
    """Review a recording and store the review; one that is there already is only found again. Returns the call's id.

    Raises
    ------
    InputError
        Where the recording cannot be used; it is not kept then.
    """
    digest = hashlib.sha256(upload.content).hexdigest()
    if call_id := store.find(digest):
        return call_id
    path = _kept(upload.content, store.folder / "recordings" / digest[:16] / _safe(upload.name))
    try:
        recording = Recording(path, rep=upload.rep, title=PurePath(upload.name).stem)
        return ingest(recording, digest, store, reviewer(), progress)[0]
    except InputError as error:
        path.unlink()
        path.parent.rmdir()
        raise InputError(str(error).replace(str(path), upload.name)) from error


def _kept(content: bytes, path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_name(f".{path.name}")
    unfinished.write_bytes(content)
    return unfinished.replace(path)


def _safe(name: str) -> str:
    """A name that cannot lead out of its folder."""
    return re.sub(r"[^\w.-]+", "_", PurePath(name.replace("\\", "/")).name).lstrip(".")[-100:] or "recording"
