"""Ready transcripts of many kinds -> Call: our JSON, Whisper and WhisperX JSON, WebVTT, SRT, CSV."""

import csv
import functools
import html
import io
import json
import re
import reprlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import webvtt
from py3langid.langid import MODEL_FILE, LanguageIdentifier

from coach.calls import Call, InputError
from coach.segments import Segment, UntimedWord, call_of, role_of, span, timed

SUFFIXES = (".json", ".jsonl", ".vtt", ".srt", ".csv")

SOUNDS = {"music", "laughter", "applause", "silence", "inaudible", "unintelligible", "crosstalk", "noise", "beep"}
LANGUAGES = re.findall(
    r"\w+",
    "ar bg bn ca cs cy da de el en es et fa fi fr gu he hi hr hu id it ja ko lt lv "
    "ml mr ms nl no pa pl pt ro ru sk sl sr sv sw ta te th tl tr uk ur vi zh",
)
COLUMNS = {
    "speaker": ("speaker", "role", "speaker_role", "speaker_name", "participant", "channel"),
    "text": ("text", "transcript", "utterance", "content", "sentence", "message"),
    "start": ("start", "start_time", "start_s", "start_seconds", "begin"),
    "end": ("end", "end_time", "end_s", "end_seconds", "stop"),
    "call": ("call_id", "call", "conversation_id", "id"),
}


def read(path: Path | str) -> Iterator[Call | InputError]:
    """The calls of a transcript, told apart by its suffix; where one cannot be used, the reason in its place.

    Speakers called agent, customer and the like keep their role. Others, as "SPEAKER_00" or "Dana", get theirs from
    what they say (`rep_confidence` is then set); where a file names nobody, all turns are by "unknown". Neighbouring
    segments of one speaker become one turn, except in Call JSON, whose turns are kept as they are.
    A time that cannot be (negative, or an end before its start) is left out; a word without times takes them from its
    neighbours.
    """
    path, ids = Path(path), set[str]()
    try:
        for call in _READERS.get(path.suffix.lower(), _unknown_suffix)(path):
            yield call if isinstance(call, InputError) else _finished(call, path.stem, ids)
    except InputError as error:
        yield error


def language_of(call: Call) -> str | None:
    """The language of what is said (ISO 639-1); None where fewer than 30 letters are said, or names alone."""
    text = " ".join(turn.text for turn in call.turns)
    language = _identifier().classify(text)[0] if sum(map(str.isalpha, text)) >= 30 else "und"
    return None if language == "und" else language


@functools.cache
def _identifier() -> LanguageIdentifier:
    # Of all languages, rare ones fit an English list of names best; of these, none does with 60 %.
    identifier = LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True, min_confidence=0.6)
    identifier.set_languages(LANGUAGES)
    return identifier


def _finished(call: Call, stem: str, ids: set[str]) -> Call:
    base = name = call.id or stem
    number = 1
    while name in ids:
        number += 1
        name = f"{base}-{number}"
    ids.add(name)
    language = (call.language or "").lower().replace("_", "-").split("-")[0]
    return replace(call, id=name, language=language if len(language) == 2 else language_of(call))


# Files


def _unknown_suffix(path: Path) -> Iterator[Call | InputError]:
    raise InputError(f"{path}: not a transcript; use one of {', '.join(SUFFIXES)}")


def _content(path: Path, fallback: str | None = None) -> str:
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        raise InputError(f"{path}: there is no such file; check the name") from None
    except PermissionError:
        raise InputError(f"{path}: no permission to read it; ask its owner, or chmod it") from None
    except (OSError, ValueError) as error:
        raise InputError(f"{path}: cannot be read ({getattr(error, 'strerror', None) or error})") from None
    text = _decoded(data, fallback)
    if text is None:
        raise InputError(f"{path}: not text in UTF-8; save it as UTF-8")
    if not text.strip():
        raise InputError(f"{path}: the file is empty; export the transcript again")
    return text


def _decoded(data: bytes, fallback: str | None) -> str | None:
    wide = data.startswith((b"\xff\xfe", b"\xfe\xff"))
    for encoding in ("utf-16" if wide else "utf-8-sig", fallback):
        try:
            return data.decode(encoding) if encoding else None
        except UnicodeDecodeError:
            continue
    return None


def _json_file(path: Path) -> Iterator[Call | InputError]:
    data = _parsed(_content(path), path)
    if isinstance(data, list) and any(isinstance(item, dict) and item.keys() & {"turns", "segments"} for item in data):
        for number, item in enumerate(data, 1):
            yield _attempt(item, f"{path}, call {number}")
    else:
        yield _attempt({"turns": data} if isinstance(data, list) else data, str(path))


def _jsonl_file(path: Path) -> Iterator[Call | InputError]:
    # Not splitlines(): it would also split inside JSON strings, at characters such as U+2028.
    for number, line in enumerate(_content(path).split("\n"), 1):
        if line.strip():
            where = f"{path}, line {number}"
            try:
                yield _attempt(_parsed(line, where), where)
            except InputError as error:
                yield error


def _parsed(text: str, where: object) -> Any:
    try:
        return json.loads(text)
    except json.JSONDecodeError as error:
        raise InputError(f"{where}: unreadable JSON ({error}); export it again") from None
    except (ValueError, RecursionError) as error:
        raise InputError(f"{where}: unreadable JSON ({type(error).__name__}); export it again") from None


def _attempt(data: Any, where: str) -> Call | InputError:
    try:
        return _json_call(data, where)
    except InputError as error:
        return error


# JSON


def _json_call(data: Any, where: str) -> Call:
    if not isinstance(data, dict) or not ("turns" in data or "segments" in data):
        raise InputError(f"{where}: no turns in it; expected an object with a list of turns (or Whisper's segments)")
    key = "turns" if "turns" in data else "segments"
    if not isinstance(data[key], list) or not data[key]:
        raise InputError(f"{where}: {key} must be a list with at least one entry")
    segments = [
        _json_segment(item, f"{where}, {key[:-1]} {number}", key == "turns") for number, item in enumerate(data[key])
    ]
    return call_of(where, segments, merge=key == "segments", **_extras(data, where))


def _json_segment(data: Any, where: str, needs_speaker: bool) -> Segment:
    if not isinstance(data, dict):
        raise InputError(f"{where}: must be an object with speaker and text, not {reprlib.repr(data)}")
    speaker = _string(data, "speaker", where, needs_speaker)
    text = _string(data, "text", where) or ""
    start, end = span(_number(data, "start", where), _number(data, "end", where))
    words = data.get("words") or []
    if not isinstance(words, list):
        raise InputError(f"{where}: words must be a list, not {reprlib.repr(words)}")
    words = [_json_word(word, f"{where}, word {number}") for number, word in enumerate(words)]
    return Segment(speaker, text if needs_speaker else text.strip(), start, end, timed(words, start, end))


def _json_word(data: Any, where: str) -> UntimedWord:
    if not isinstance(data, dict):
        raise InputError(f"{where}: must be an object with text, start and end, not {reprlib.repr(data)}")
    text = _string(data, "word" if "word" in data else "text", where) or ""
    start, end = span(_number(data, "start", where), _number(data, "end", where))
    probability = _number(data, "score" if "score" in data else "probability", where)
    return text.strip(), start, end, 1.0 if probability is None else min(probability, 1.0)


def _string(data: dict[str, Any], key: str, where: str, required: bool = True) -> str | None:
    value = data.get(key)
    if value is None and not required:
        return None
    if not isinstance(value, str):
        found = f"not {reprlib.repr(value)}" if key in data else "but is missing"
        raise InputError(f"{where}: {key} must be text, {found}")
    return value.encode(errors="replace").decode()  # half a surrogate pair, which JSON can hold, cannot be printed


def _number(data: dict[str, Any], key: str, where: str) -> float | None:
    value = data.get(key)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise InputError(f"{where}: {key} must be a number, not {reprlib.repr(value)}")
    return float(value) if 0 <= value < 1e9 else None


def _extras(data: dict[str, Any], where: str) -> dict[str, Any]:
    name = data.get("id")
    if not isinstance(name, str | int | None):
        raise InputError(f"{where}: id must be text, not {reprlib.repr(name)}")
    extras: dict[str, Any] = {"id": "" if name is None else str(name)}
    extras |= {key: _string(data, key, where, required=False) for key in ("rep", "recording", "language")}
    extras |= {key: _number(data, key, where) for key in ("duration", "rep_confidence")}
    for key in ("channels", "rep_channel"):
        number = _number(data, key, where)
        extras[key] = None if number is None else int(number)
    return extras


# Captions


def _captions_file(path: Path, parse: Callable[[str], webvtt.WebVTT]) -> Iterator[Call | InputError]:
    text = _content(path, "cp1252" if path.suffix.lower() == ".srt" else None)
    try:
        captions = parse(text.strip() + "\n").captions
    except (webvtt.errors.MalformedFileError, webvtt.errors.MalformedCaptionError, ValueError) as error:
        raise InputError(f"{path}: not a readable {path.suffix} file ({error}); export it again") from None
    yield call_of(str(path), _spoken(captions))


def _spoken(captions: Iterable[webvtt.Caption]) -> list[Segment]:
    """A caption that names nobody is by who spoke before it."""
    segments, speaker = [], None
    for caption in captions:
        start, end = (time.in_milliseconds() / 1000 for time in (caption.start_time, caption.end_time))
        for name, text in _parts(caption.raw_text):
            speaker = name or speaker
            segments.append(Segment(speaker, text, *span(start, end)))
    return segments


def _parts(raw: str) -> list[tuple[str | None, str]]:
    """Who says what within a caption, by <v Name>, "Name: " or "[Name] "."""
    parts: list[tuple[str | None, str]] = []
    for piece in re.split(r"(?=<v[\s.])|\n", raw):
        voice = re.match(r"<v(?:\.[\w-]+)*\s+([^>]+)>", piece)
        text = html.unescape(re.sub(r"<[^>]*>", "", piece)).strip().removeprefix("- ")
        name, text = (voice[1].strip(), text) if voice else _prefix(text)
        if name or not parts:
            parts.append((name, text))
        else:
            parts[-1] = (parts[-1][0], f"{parts[-1][1]} {text}".strip())
    return parts


def _prefix(text: str) -> tuple[str | None, str]:
    match = re.match(r"(?:\[([^\]]+)\]:?|\(([^)]+)\):|([^:]+):)\s+(?=\S)", text)
    name = match and next(filter(None, match.groups())).strip()
    if not match or not name or not _is_speaker(name):
        return None, text
    return name, text[match.end() :]


def _is_speaker(name: str) -> bool:
    """At most three words, each with a capital or a digit, or the name of a role."""
    words = name.split()
    looks = len(words) <= 3 and all(word[0].isupper() or word[0].isdigit() for word in words) and name[0].isalpha()
    return name.lower() not in SOUNDS and (looks or (len(words) <= 3 and role_of(name) is not None))


# CSV


def _csv_file(path: Path) -> Iterator[Call | InputError]:
    text = _content(path, "cp1252").lstrip("\r\n")
    header = text.splitlines()[0]
    try:
        rows = list(csv.DictReader(io.StringIO(text, newline=""), delimiter=max(",;\t|", key=header.count)))
    except csv.Error as error:
        raise InputError(f"{path}: not a readable CSV file ({error}); export it again") from None
    names = {re.sub(r"\W+", "_", str(name).strip().lower()): name for name in (rows[0] if rows else ())}
    columns = {key: next((names[n] for n in usual if n in names), None) for key, usual in COLUMNS.items()}
    if columns["text"] is None:
        raise InputError(f"{path}: no rows under a column called text; name the columns speaker, text, start and end")
    if columns["call"] is not None and _numbers_the_rows(rows, columns["call"]):
        columns["call"] = None
    calls: dict[str, list[tuple[str, dict[str, str]]]] = {}
    for number, row in enumerate(rows, 2):
        cells = {key: (row.get(name) or "").strip() if name else "" for key, name in columns.items()}
        calls.setdefault(cells["call"], []).append((f"{path}, row {number}", cells))
    for name, cells_of in calls.items():
        try:
            segments = [_row(cells, where) for where, cells in cells_of]
            yield call_of(f"{path}, call {name}" if name else str(path), segments, id=name)
        except InputError as error:
            yield error


def _numbers_the_rows(rows: Sequence[dict[str, str]], column: str) -> bool:
    return column.strip().lower() == "id" and len({row[column] for row in rows}) == len(rows) > 1


def _row(cells: dict[str, str], where: str) -> Segment:
    start, end = span(*(_seconds(cells[key], f"{where}: {key}") for key in ("start", "end")))
    return Segment(cells["speaker"] or None, cells["text"], start, end)


def _seconds(text: str, where: str) -> float | None:
    if not text or text.lower() in ("nan", "none", "null"):
        return None
    match = re.fullmatch(r"(-?)(?:(?:(\d+):)?(\d+):)?(\d+(?:[.,]\d+)?)", text)
    if not match:
        raise InputError(f"{where} must be seconds or HH:MM:SS.mmm, not {reprlib.repr(text)}")
    minus, hours, minutes, seconds = match.groups()
    return None if minus else int(hours or 0) * 3600 + int(minutes or 0) * 60 + float(seconds.replace(",", "."))


_READERS: dict[str, Callable[[Path], Iterator[Call | InputError]]] = {
    ".json": _json_file,
    ".jsonl": _jsonl_file,
    ".vtt": functools.partial(_captions_file, parse=webvtt.from_string),
    ".srt": functools.partial(_captions_file, parse=lambda text: webvtt.from_buffer(io.StringIO(text), format="srt")),
    ".csv": _csv_file,
}
