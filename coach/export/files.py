"""The front of the exports: a file or a folder that appears whole, or not at all."""

import json
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import Any

from coach.as_json import review_to_dict
from coach.calls import InputError
from coach.export.captions import write_srt, write_vtt
from coach.export.convokit import write_convokit
from coach.export.kept import Kept, Outcome
from coach.export.tables import write_csv, write_parquet
from coach.store import Store, Viewer
from coach.store.each import each


def write_jsonl(calls: Iterator[Kept], out: Path) -> Outcome:
    """A review a line as the contract has it; what the store knows beside it is under "kept"."""
    outcome = Outcome()
    with out.open("w", encoding="utf-8") as file:
        for row, review in calls:
            print(json.dumps(review_to_dict(review) | {"kept": _kept(asdict(row))}), file=file)
            outcome.calls += 1
    return outcome


def _kept(row: dict[str, Any]) -> dict[str, Any]:
    names = (
        "id",
        "digest",
        "title",
        "rep",
        "team",
        "customer",
        "queue",
        "started_at",
        "added_at",
        "reviewed_at",
        "scorer",
    )
    return {name: _plain(row[name]) for name in names if row[name] is not None}


def _plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, datetime) else value


FORMATS: dict[str, Callable[[Iterator[Kept], Path], Outcome]] = {
    "csv": write_csv,
    "parquet": write_parquet,
    "jsonl": write_jsonl,
    "vtt": write_vtt,
    "srt": write_srt,
    "convokit": write_convokit,
}


def export(
    store: Store,
    form: str,
    out: Path,
    *,
    rep: str | None = None,
    since: datetime | None = None,
    viewer: Viewer = "operations",
) -> Outcome:
    """Write stored calls, one in memory at a time: "jsonl" into a file, every other format into a new folder.

    Parameters
    ----------
    form : one of `FORMATS`
    since : calls that took place (where that is not known: were added) from then on

    Raises
    ------
    InputError
        Where `out` is there already, or cannot be written. Nothing is left of it then.
    """
    with _whole(out) as unfinished:
        return FORMATS[form](each(store, rep=rep, since=since, viewer=viewer), unfinished)


@contextmanager
def _whole(out: Path) -> Iterator[Path]:
    if out.exists():
        raise InputError(f"{out}: is there already; remove it, or give another place with --out")
    unfinished = out.with_name(f".{out.name}.unfinished")
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        _clear(unfinished)  # what a run that was killed left
        yield unfinished
        unfinished.rename(out)
    except OSError as error:
        raise InputError(
            f"{out}: cannot be written ({error.strerror or error}); make room, or give another place"
        ) from error
    finally:
        _clear(unfinished)


def _clear(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path)
    path.unlink(missing_ok=True)
