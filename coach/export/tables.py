"""Tables for spreadsheets and notebooks: calls, turns, evidence and moments, as CSV or Parquet."""

import json
from collections.abc import Callable, Iterator
from dataclasses import asdict, fields
from pathlib import Path
from typing import Any

import pyarrow as pa
from pyarrow.csv import CSVWriter
from pyarrow.parquet import ParquetWriter

from coach.calls import AXES, Delivery, Review, Score
from coach.export.kept import Kept, Outcome
from coach.store import CallRow

Row = dict[str, Any]
ROWS = 5_000  # in memory before they are written

WHOLE, NUMBER, TEXT, YES, INSTANT = pa.int64(), pa.float64(), pa.string(), pa.bool_(), pa.timestamp("us", "UTC")
_SCORES = {
    f"{axis}{ending}": YES if ending == "_unsure" else NUMBER
    for axis in AXES
    for ending in ("", "_probability", "_clear", "_unsure")
}
_HOW = {field.name: WHOLE if field.name == "pauses" else NUMBER for field in fields(Delivery)}
COLUMNS: dict[str, dict[str, pa.DataType]] = {
    "calls": {
        "call": WHOLE, "title": TEXT, "rep": TEXT, "team": TEXT, "customer": TEXT, "queue": TEXT,
        "started_at": INSTANT, "duration": NUMBER, "language": TEXT, "channels": WHOLE, "rep_channel": WHOLE,
        "rep_confidence": NUMBER, "condescension": NUMBER, "impatience": NUMBER, "empathy": NUMBER, "unsure": TEXT,
        "not_scored": TEXT, "strengths": WHOLE, "giveaways": WHOLE, "talk_share": NUMBER, "longest_monologue": NUMBER,
        "questions": WHOLE, "overlaps": WHOLE, "silences": WHOLE, "recording": TEXT, "digest": TEXT, "scorer": TEXT,
        "added_at": INSTANT, "reviewed_at": INSTANT,
    },
    "turns": {
        "call": WHOLE, "turn": WHOLE, "speaker": TEXT, "start": NUMBER, "end": NUMBER, "text": TEXT,
        **_SCORES, "not_scored": TEXT, **_HOW,
    },
    "evidence": {
        "call": WHOLE, "turn": WHOLE, "axis": TEXT, "behaviour": TEXT, "start": WHOLE, "end": WHOLE, "text": TEXT,
        "weight": NUMBER,
    },
    "moments": {
        "call": WHOLE, "turn": WHOLE, "axis": TEXT, "kind": TEXT, "behaviours": TEXT, "start": NUMBER, "end": NUMBER,
        "quote": TEXT, "why": TEXT, "tip": TEXT, "heard": YES,
    },
}  # fmt: skip


def write_csv(calls: Iterator[Kept], out: Path) -> Outcome:
    """A folder with calls.csv, turns.csv, evidence.csv and moments.csv, in UTF-8."""
    return _write(calls, out, "csv", CSVWriter)


def write_parquet(calls: Iterator[Kept], out: Path) -> Outcome:
    """The same tables as Parquet, with types and times in UTC."""
    return _write(calls, out, "parquet", ParquetWriter)


def _write(calls: Iterator[Kept], out: Path, ending: str, writer: Callable[..., Any]) -> Outcome:
    out.mkdir()
    tables = {
        name: _Table(out / f"{name}.{ending}", pa.schema(list(COLUMNS[name].items())), writer) for name in COLUMNS
    }
    outcome = Outcome()
    for row, review in calls:
        for name, rows in (("calls", _call), ("turns", _turns), ("evidence", _evidence), ("moments", _moments)):
            tables[name].add(rows(row, review))
        outcome.calls += 1
    for table in tables.values():
        table.close()
    return outcome


class _Table:
    def __init__(self, path: Path, schema: pa.Schema, writer: Callable[..., Any]) -> None:
        self._schema, self._writer, self._rows = schema, writer(str(path), schema), list[Row]()

    def add(self, rows: Iterator[Row]) -> None:
        self._rows.extend(rows)
        if len(self._rows) >= ROWS:
            self._flush()

    def close(self) -> None:
        self._flush()
        self._writer.close()

    def _flush(self) -> None:
        self._writer.write_table(pa.Table.from_pylist(self._rows, self._schema))
        self._rows.clear()


def _call(row: CallRow, review: Review) -> Iterator[Row]:
    known = {name: getattr(row, name) for name in COLUMNS["calls"] if hasattr(row, name)}
    timing = review.timing
    heard = {"overlaps": len(timing.overlaps), "silences": len(timing.silences)} if timing else {}
    heard |= {name: getattr(timing, name) for name in ("talk_share", "longest_monologue", "questions") if timing}
    named = {"call": row.id, "unsure": ", ".join(row.unsure), "scorer": json.dumps(row.scorer)}
    yield known | named | heard | (row.scores or {})


def _turns(row: CallRow, review: Review) -> Iterator[Row]:
    deliveries = review.delivery or (None,) * len(review.ratings)
    for at, (turn, rating, how) in enumerate(zip(review.call.turns, review.ratings, deliveries, strict=True)):
        said: Row = {"call": row.id, "turn": at, "speaker": turn.speaker, "text": turn.text}
        said |= {"start": turn.start, "end": turn.end, "not_scored": rating and rating.not_scored}
        scores = (rating and rating.scores) or {}
        yield said | _scores(scores) | (asdict(how) if how else {})


def _scores(scores: dict[Any, Score]) -> Row:
    row: Row = {}
    for axis, score in scores.items():
        row |= {axis: score.rating, f"{axis}_probability": score.probability}
        row |= {f"{axis}_clear": score.clear, f"{axis}_unsure": score.unsure}
    return row


def _evidence(row: CallRow, review: Review) -> Iterator[Row]:
    for at, rating in enumerate(review.ratings):
        for evidence in rating.evidence if rating else ():
            yield {"call": row.id, "turn": at} | asdict(evidence)


def _moments(row: CallRow, review: Review) -> Iterator[Row]:
    for moment in review.moments:
        yield {"call": row.id} | asdict(moment) | {"behaviours": ", ".join(moment.behaviours)}
