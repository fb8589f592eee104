"""Many recordings into the store: what is there is skipped, and one bad file never stops the night."""

import csv
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tqdm import tqdm

from coach.audio import SUFFIXES, check_file
from coach.calls import InputError, Review, unexpected
from coach.store import Store, digest_of

if TYPE_CHECKING:
    from coach.review import Reviewer


@dataclass(frozen=True, slots=True)
class Recording:
    """A recording and what its manifest says of it."""

    path: Path
    rep: str | None = None
    team: str | None = None
    started_at: datetime | None = None
    queue: str | None = None
    rep_channel: int | None = None
    title: str | None = None


@dataclass(slots=True)
class Outcome:
    scored: int = 0
    not_scored: int = 0
    already_there: int = 0
    failed: int = 0


def run(source: Path, store: Store, reviewer: "Reviewer", say: Callable[[str], None]) -> Outcome:
    """Review every recording that a folder (recursively) or a CSV manifest names, and keep the reviews.

    Parameters
    ----------
    source
        A folder, or a manifest with the columns recording (a path beside the manifest) and, where they are known,
        rep, team, started_at (ISO 8601), queue, rep_channel (0 or 1) and title.
    say
        Called with one line for each recording that failed, or that cannot be scored.

    Raises
    ------
    InputError
        Where the manifest cannot be read.
    """
    outcome = Outcome()
    for recording in tqdm(recordings(source), desc="calls", disable=None):
        problem = None
        try:
            check_file(recording.path)
            digest = digest_of(recording.path)
            if store.has(digest):
                outcome.already_there += 1
                continue
            review = ingest(recording, digest, store, reviewer)[1]
            problem = review.not_scored and f"{recording.path}: not scored: {review.not_scored}"
            outcome.scored += not problem
            outcome.not_scored += bool(problem)
        except InputError as error:
            problem = str(error)
            outcome.failed += 1
        except Exception as error:
            problem = f"{recording.path}: {unexpected(error)}"
            outcome.failed += 1
        if problem:
            say(problem)
    return outcome


def ingest(
    recording: Recording,
    digest: str,
    store: Store,
    reviewer: "Reviewer",
    progress: Callable[[float], None] | None = None,
) -> tuple[int, Review]:
    """Review one recording and keep the review; returns the call's id in the store, and the review."""
    review = reviewer.review(recording.path, rep_channel=recording.rep_channel, progress=progress)
    review = replace(review, call=replace(review.call, rep=recording.rep))
    call_id = store.save(
        review,
        digest=digest,
        title=recording.title,
        team=recording.team,
        started_at=recording.started_at,
        queue=recording.queue,
        recording=recording.path.resolve(),
        scorer=reviewer.versions,
    )
    return call_id, review


def recordings(source: Path) -> list[Recording]:
    if source.is_dir():
        return [Recording(path) for path in sorted(source.rglob("*")) if path.suffix.lower() in SUFFIXES]
    try:
        with source.open(newline="", encoding="utf-8-sig") as file:
            return list(_listed(source, csv.DictReader(file)))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise InputError(f"{source}: cannot be read as a manifest ({error}); give a folder or a CSV file") from error


def _listed(source: Path, rows: csv.DictReader) -> Iterator[Recording]:
    if "recording" not in (rows.fieldnames or ()):
        raise InputError(f"{source}: a manifest needs a column named recording, with the path of each recording")
    for row in rows:
        try:
            yield _recording(source.parent, {name: value.strip() for name, value in row.items() if name and value})
        except (KeyError, ValueError) as error:
            raise InputError(f"{source}, line {rows.line_num}: {error}; correct it and run again") from error


def _recording(folder: Path, row: dict[str, Any]) -> Recording:
    return Recording(
        path=folder / row["recording"],
        rep=row.get("rep"),
        team=row.get("team"),
        started_at=datetime.fromisoformat(row["started_at"]) if "started_at" in row else None,
        queue=row.get("queue"),
        rep_channel=int(row["rep_channel"]) if "rep_channel" in row else None,
        title=row.get("title"),
    )
