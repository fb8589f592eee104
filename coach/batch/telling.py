"""What a batch says: a line a recording for people or for machines, a summary, and how the last runs went."""

import json
import logging
import sys
from collections import Counter
from datetime import datetime

from tqdm import tqdm

from coach.batch.outcome import Event, Outcome
from coach.store import FailedRow, RunRow

SHOWN = 20  # failures at most in a status


class Teller(logging.Handler):
    """Writes what happens to stderr, as text or as JSON lines; `failed` tells whether something has not been done.

    As text, what was there already is passed over.
    """

    def __init__(self, form: str = "text") -> None:
        super().__init__(logging.INFO)
        self._json, self.failed = form == "json", False
        logger = logging.getLogger("coach")
        logger.addHandler(self)
        logger.setLevel(logging.INFO)

    def __call__(self, event: Event) -> None:
        self.failed |= event.kind in ("failed", "not scored")
        if self._json:
            self._write(json.dumps({"at": _now()} | _facts(event)))
        elif event.kind != "already there":
            self._write(line(event))

    def emit(self, record: logging.LogRecord) -> None:
        self.failed |= record.levelno >= logging.WARNING
        said = record.getMessage()
        told = {"at": _now(), "event": record.levelname.lower(), "message": said}
        self._write(json.dumps(told) if self._json else f"coach: {said}")

    def close(self) -> None:
        logging.getLogger("coach").removeHandler(self)
        super().close()

    def _write(self, text: str) -> None:
        tqdm.write(text, file=sys.stderr)
        sys.stderr.flush()


def line(event: Event) -> str:
    """What became of a recording, for people."""
    what = f"coach: {event.recording.path}: {event.kind}"
    if event.kind == "scored":
        return f"{what}, {_length(event.audio)} of sound in {event.took:.0f} s{_missing(event)}"
    if event.kind == "to score":
        when = event.recording.started_at
        known = [event.recording.rep or "", f"{when:%Y-%m-%d %H:%M}" if when else ""]
        return f"{what} ({', '.join(filter(None, known)) or 'nothing known of it'}){_missing(event)}"
    return f"{what}: {event.reason}" if event.reason else what


def summary(outcome: Outcome) -> str:
    """How a batch went, in a few lines."""
    counts = ("scored", "not_scored", "already_there", "failed")
    lines = [", ".join(f"{getattr(outcome, name)} {name.replace('_', ' ')}" for name in counts)]
    if outcome.waiting:
        lines.append(f"{outcome.waiting} still being written: the next run takes them")
    if outcome.failures:
        lines.append("failed: " + _counted(outcome.failures))
    if outcome.missing:
        lines.append("not known: " + _counted(outcome.missing))
    if outcome.audio:
        speed = outcome.audio / outcome.took
        hours = f"{outcome.audio / 3600:.2f} hours of sound in {_length(outcome.took)}"
        lines.append(f"{hours}: {speed:.1f} times as fast as it was spoken (real-time factor {1 / speed:.3f})")
    return "\n".join(lines)


def status(runs: list[RunRow], failures: list[FailedRow]) -> str:
    """The last runs, what they have in hand, and what failed and was not scored since."""
    lines = [text for run in runs for text in _run(run)] or ["No batch has run yet."]
    if failures:
        lines.append(f"Failed and not scored since ({len(failures)}):")
        lines += [f"  {row.recording}: {row.reason}" for row in failures[:SHOWN]]
    if len(failures) > SHOWN:
        lines.append(f"  and {len(failures) - SHOWN} more (--format json lists them all)")
    return "\n".join(lines)


def _run(run: RunRow) -> list[str]:
    head = f"{run.id}  {run.started_at.astimezone():%Y-%m-%d %H:%M}  {run.source}  {run.state}"
    lines = [head if run.state == "ended" else f"{head} ({run.host})"]
    if run.outcome:
        lines += [f"    {text}" for text in summary(Outcome(**run.outcome)).splitlines()]
    return lines + [f"    in hand: {recording}" for recording in run.in_hand]


def _facts(event: Event) -> dict[str, object]:
    recording = event.recording
    facts = {
        "event": event.kind,
        "recording": str(recording.path),
        "rep": recording.rep,
        "reason": event.reason,
        "failure": event.failure,
        "audio": round(event.audio, 1),
        "took": round(event.took, 1),
        "missing": recording.missing,
    }
    return {name: value for name, value in facts.items() if value}


def _counted(counts: Counter[str] | dict[str, int]) -> str:
    return ", ".join(f"{name.replace('_', ' ')} {count}" for name, count in Counter(counts).most_common())


def _missing(event: Event) -> str:
    missing = [name.replace("_", " ") for name in event.recording.missing]
    return f"; not known: {', '.join(missing)}" if missing else ""


def _length(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d}:{rest:02d}" if hours else f"{minutes}:{rest:02d}"


def _now() -> str:
    return datetime.now().astimezone().isoformat(timespec="seconds")
