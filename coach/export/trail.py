"""The audit trail as CSV or JSON lines."""

import csv
import io
import json
from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Literal

from coach.store import Desk
from coach.store.trail import EXPORTED, Entry, Wanted, every_entry

COLUMNS = ("at", "account", "who", "action", "call", "detail")
Form = Literal["csv", "jsonl"]


def taken_along(desk: Desk, wanted: Wanted, most: int) -> bytes:
    """The latest entries as CSV, and one more entry in the trail that says so."""
    found = list(islice(every_entry(desk, wanted), most))
    desk.log(EXPORTED, what="audit trail", entries=len(found))
    return "".join(lines(found, "csv")).encode()


def lines(entries: Iterable[Entry], form: Form) -> Iterator[str]:
    """A line for each entry; with CSV a head first."""
    if form == "jsonl":
        yield from (f"{json.dumps(dict(zip(COLUMNS, _fields(entry), strict=True)))}\n" for entry in entries)
        return
    yield _row(COLUMNS)
    for entry in entries:
        *known, detail = _fields(entry)
        yield _row((*map(_harmless, known), json.dumps(detail, ensure_ascii=False)))


def _fields(entry: Entry) -> tuple[object, ...]:
    return entry.at.isoformat(), entry.account, entry.who, entry.action, entry.call_id, entry.detail


def _row(fields: Iterable[object]) -> str:
    line = io.StringIO()
    csv.writer(line, lineterminator="\n").writerow(fields)
    return line.getvalue()


def _harmless(value: object) -> object:
    """A spreadsheet would take a name that begins so for a formula."""
    return f"'{value}" if isinstance(value, str) and value.startswith(("=", "+", "-", "@", "\t", "\r")) else value
