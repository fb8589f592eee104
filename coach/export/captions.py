"""Transcripts as captions, WebVTT or SRT: who speaks, with the evidence marked in the words."""

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from html import escape
from itertools import pairwise
from pathlib import Path

from coach.calls import Axis, Rating, Review, Turn, located
from coach.export.kept import Kept, Outcome
from coach.store import CallRow

MOST_CHARACTERS, MOST_SECONDS = 84, 7.0  # two lines of 42, and 7 s: what subtitlers allow for one caption
SHORTEST = 0.04  # seconds: a caption must end after it starts
NAME = {"rep": "Rep", "customer": "Customer", "unknown": "Speaker"}
STYLE = """STYLE
::cue(.condescension) { color: #f0b429 }
::cue(.impatience) { color: #f07b5a }
::cue(.empathy) { color: #5ac8a8 }
::cue(.hollow) { font-style: italic }"""


@dataclass(frozen=True, slots=True)
class Caption:
    """Characters `first` to `last` of a turn's text, said from `start` to `end` (seconds)."""

    first: int
    last: int
    start: float
    end: float


def write_vtt(calls: Iterator[Kept], out: Path) -> Outcome:
    """A folder with one .vtt a call: evidence as classes (`<c.empathy>`), moments as notes before their turn."""
    return _write(calls, out, "vtt", vtt)


def write_srt(calls: Iterator[Kept], out: Path) -> Outcome:
    """A folder with one .srt a call, which has no classes: evidence is underlined."""
    return _write(calls, out, "srt", srt)


def _write(calls: Iterator[Kept], out: Path, ending: str, written: Callable[[CallRow, Review], str]) -> Outcome:
    out.mkdir()
    outcome = Outcome()
    for row, review in calls:
        spoken = [turn for turn in review.call.turns if turn.text.strip()]
        if not spoken:
            outcome.without_words += 1
        elif not all(timed(turn) for turn in spoken):
            outcome.without_times += 1
        else:
            name = re.sub(r"[^\w.-]+", "_", row.title)[:100].strip("._")
            (out / f"{row.id}-{name}.{ending}").write_text(written(row, review), encoding="utf-8")
            outcome.calls += 1
    return outcome


def timed(turn: Turn) -> bool:
    return turn.start is not None and turn.end is not None


def vtt(row: CallRow, review: Review) -> str:
    blocks = [(0.0, "WEBVTT - " + _line(row.title)), (0.0, STYLE)]
    for at, turn, rating, caption in _captions(review):
        if not caption.first:
            blocks += [(caption.start, f"NOTE {note}") for note in _notes(review, at)]
        said = _marked(turn, caption, rating, _shown(review, at), "<c.{}>", "</c>", escape)
        times = f"{_clock(caption.start, '.')} --> {_clock(caption.end, '.')}"
        blocks.append((caption.start, f"{times}\n<v {escape(_name(row, turn))}>{said}"))
    return "\n\n".join(text for _, text in sorted(blocks, key=lambda block: block[0])) + "\n"


def srt(row: CallRow, review: Review) -> str:
    blocks = []
    for at, turn, rating, caption in _captions(review):
        said = _marked(turn, caption, rating, _shown(review, at), "<u>", "</u>", str)
        times = f"{_clock(caption.start, ',')} --> {_clock(caption.end, ',')}"
        blocks.append((caption.start, f"{times}\n{_name(row, turn)}: {said}"))
    blocks.sort(key=lambda block: block[0])
    return "\n".join(f"{number}\n{text}\n" for number, (_, text) in enumerate(blocks, 1))


def _captions(review: Review) -> Iterator[tuple[int, Turn, Rating | None, Caption]]:
    for at, (turn, rating) in enumerate(zip(review.call.turns, review.ratings, strict=True)):
        for caption in _pieces(turn) if turn.text.strip() else ():
            yield at, turn, rating, caption


def _pieces(turn: Turn) -> list[Caption]:
    """A turn in pieces that can be read at a glance, as far as its words have times."""
    begins: list[tuple[int, float, float]] = []  # of each piece: its first character, its start, its end
    for word, first, last in located(turn):
        full = begins and (last - begins[-1][0] > MOST_CHARACTERS or word.end - begins[-1][1] > MOST_SECONDS)
        if full or not begins:
            begins.append((first, word.start, word.end))
        else:
            begins[-1] = (*begins[-1][:2], word.end)
    start, end = turn.start or 0.0, turn.end or 0.0
    begins = [(0, min(start, begins[0][1]), begins[0][2]), *begins[1:]] if begins else [(0, start, end)]
    stops = [first for first, _, _ in begins[1:]] + [len(turn.text)]
    return [
        Caption(first, first + len(turn.text[first:stop].rstrip()), start, max(end, start + SHORTEST))
        for (first, start, end), stop in zip(begins, stops, strict=True)
    ]


def _shown(review: Review, at: int) -> set[Axis | None]:
    """The axes whose evidence is marked: those that are more likely there than not, and those of moments."""
    rating = review.ratings[at]
    scores = (rating and rating.scores) or {}
    likely = {axis for axis, score in scores.items() if score.probability >= 0.5 and not score.unsure}
    return {None, *likely, *(moment.axis for moment in review.moments if moment.turn == at)}


def _marked(
    turn: Turn,
    caption: Caption,
    rating: Rating | None,
    shown: Iterable[Axis | None],
    opening: str,
    closing: str,
    safe: Callable[[str], str],
) -> str:
    evidence = [e for e in (rating.evidence if rating else ()) if e.axis in shown]
    inside = {edge for e in evidence for edge in (e.start, e.end) if caption.first < edge < caption.last}
    parts = []
    for a, b in pairwise(sorted({caption.first, caption.last, *inside})):
        axes = [e.axis or "hollow" for e in evidence if e.start <= a and b <= e.end][:1]
        part = safe(re.sub(r"\s+", " ", turn.text[a:b]))
        parts.append(f"{opening.format(*axes)}{part}{closing}" if axes else part)
    return "".join(parts).strip()


def _notes(review: Review, at: int) -> Iterator[str]:
    for moment in review.moments:
        if moment.turn == at:
            about = ", ".join(moment.behaviours) or moment.axis
            yield _line(f"{moment.kind}: {about}. {moment.why} {moment.tip}")


def _line(text: str) -> str:
    """One line that cannot be taken for the times of a caption."""
    return re.sub(r"\s+", " ", text).replace("-->", "→").strip()


def _name(row: CallRow, turn: Turn) -> str:
    return _line((row.rep if turn.speaker == "rep" else None) or NAME[turn.speaker])


def _clock(seconds: float, point: str) -> str:
    minutes, milliseconds = divmod(round(seconds * 1000), 60_000)
    return f"{minutes // 60:02d}:{minutes % 60:02d}:{milliseconds // 1000:02d}{point}{milliseconds % 1000:03d}"
