"""A corpus folder that ConvoKit loads with `Corpus(filename=...)`.

The format: https://convokit.cornell.edu/documentation/data_format.html
"""

import json
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any, TextIO

from coach import __version__
from coach.calls import Review, Speaker
from coach.export.kept import Kept, Outcome
from coach.store import CallRow

Entry = dict[str, Any]


def write_convokit(calls: Iterator[Kept], out: Path) -> Outcome:
    """A folder with utterances.jsonl, speakers.json, conversations.json, corpus.json and index.json."""
    out.mkdir()
    outcome = Outcome()
    index = _Index()
    with (
        (out / "utterances.jsonl").open("w", encoding="utf-8") as utterances,
        _Object(out / "conversations.json") as conversations,
        _Object(out / "speakers.json") as speakers,
    ):
        for row, review in calls:
            outcome.without_words += not review.call.turns
            outcome.calls += bool(review.call.turns)
            for utterance in _utterances(row, review):
                index.note("utterances", utterance["meta"])
                print(json.dumps(utterance), file=utterances)
                speakers.add(utterance["speaker"], index.note("speakers", _speaker(row, utterance["meta"]["role"])))
            if review.call.turns:
                conversations.add(_id(row, 0), index.note("conversations", _conversation(row, review)))
    about = {"name": "Tone Coach", "version": __version__}
    (out / "corpus.json").write_text(json.dumps(index.note("overall", about)))
    (out / "index.json").write_text(json.dumps(index.as_dict()))
    return outcome


class _Object:
    """A JSON object written entry by entry, so that it need not be in memory; of each name the first one counts."""

    def __init__(self, path: Path) -> None:
        self._file: TextIO = path.open("w", encoding="utf-8")
        self._names: set[str] = set()

    def __enter__(self) -> "_Object":
        self._file.write("{")
        return self

    def add(self, name: str, meta: Entry) -> None:
        if name not in self._names:
            comma = ",\n" if self._names else "\n"
            self._file.write(f"{comma}{json.dumps(name)}: {json.dumps({'meta': meta, 'vectors': []})}")
            self._names.add(name)

    def __exit__(self, *error: object) -> None:
        self._file.write("\n}\n")
        self._file.close()


class _Index:
    """The types of all that is in anything's `meta`."""

    def __init__(self) -> None:
        self._types: dict[str, dict[str, set[str]]] = {}

    def note(self, about: str, meta: Entry) -> Entry:
        known = self._types.setdefault(about, {})
        for name, value in meta.items():
            known.setdefault(name, set()).update([] if value is None else [str(type(value))])
        return meta

    def as_dict(self) -> Entry:
        empty: Entry = {f"{about}-index": {} for about in ("utterances", "speakers", "conversations", "overall")}
        types = {f"{about}-index": {k: sorted(v) for k, v in known.items()} for about, known in self._types.items()}
        return empty | types | {"version": 1, "vectors": []}


def _utterances(row: CallRow, review: Review) -> Iterator[Entry]:
    deliveries = review.delivery or (None,) * len(review.ratings)
    for at, (turn, rating, how) in enumerate(zip(review.call.turns, review.ratings, deliveries, strict=True)):
        meta = {"role": turn.speaker, "end": turn.end} | ({"delivery": asdict(how)} if how else {})
        meta |= asdict(rating) | {"evidence": [asdict(e) for e in rating.evidence]} if rating else {}
        yield {
            "id": _id(row, at),
            "conversation_id": _id(row, 0),
            "text": turn.text,
            "speaker": _name(row, turn.speaker),
            "reply-to": _id(row, at - 1) if at else None,
            "timestamp": turn.start,
            "meta": meta,
            "vectors": [],
        }


def _id(row: CallRow, turn: int) -> str:
    return f"{row.id}-{turn}"


def _name(row: CallRow, role: Speaker) -> str:
    known = {"rep": row.rep, "customer": row.customer, "unknown": None}[role]
    return f"{role}: {known}" if known else f"{role} of call {row.id}"


def _speaker(row: CallRow, role: Speaker) -> Entry:
    return {"role": role, "team": row.team} if role == "rep" else {"role": role}


def _conversation(row: CallRow, review: Review) -> Entry:
    known = {name: getattr(row, name) for name in ("title", "rep", "team", "queue", "duration", "scores", "not_scored")}
    known |= {"started_at": row.started_at.isoformat() if row.started_at else None, "unsure": list(row.unsure)}
    moments = [asdict(moment) | {"behaviours": list(moment.behaviours)} for moment in review.moments]
    return known | {"moments": moments} | ({"timing": asdict(review.timing)} if review.timing else {})
