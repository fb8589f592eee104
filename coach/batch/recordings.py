"""Which recordings a batch is to score, where they lie, and what is known of them besides."""

import csv
import json
import logging
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from glob import glob, has_magic
from pathlib import Path, PurePath
from tempfile import mkdtemp
from typing import Any, TextIO

import fsspec
from fsspec.core import url_to_fs

from coach.audio import HEADERLESS, SUFFIXES, check_file
from coach.calls import InputError

PATTERN = "{date}_{time}_{rep}"
MANIFESTS = (".csv", ".jsonl")
_FIELDS = {
    "date": r"\d{4}-\d\d-\d\d|\d{8}",
    "time": r"\d\d-?\d\d(?:-?\d\d)?",
    "rep_channel": "[01]",
}
_ANY = "[^/]+?"
_SECRET = re.compile(
    r"://[^/@]+:(?!\d+(?:[/?#]|$))[^@]*@|https?://[^/@?#]+@"  # a password, but no port; keys may have slashes in them
    r"|[?&](?:sig|[\w.%-]*(?:signature|token|secret|passw|credential|key|auth)[\w.%-]*)=",
    re.IGNORECASE,
)
_KNOWN = ("rep", "team", "queue", "customer", "caller", "title")
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Recording:
    """A recording and what is known of it. `path` is a URL (str) where it lies elsewhere than on this machine."""

    path: Path | str
    rep: str | None = None
    team: str | None = None
    started_at: datetime | None = None
    queue: str | None = None
    customer: str | None = None
    caller: str | None = None
    rep_channel: int | None = None
    title: str | None = None

    @property
    def place(self) -> str:
        """Where it lies, the same from any working folder."""
        return self.path if isinstance(self.path, str) else str(self.path.resolve())

    @property
    def missing(self) -> list[str]:
        """What a lead would like to know of a call, and nobody said."""
        return [name for name in ("rep", "team", "started_at") if getattr(self, name) is None]


def recordings(source: str | Path, pattern: str = PATTERN) -> list[Recording]:
    """What a source names, with what a manifest, a side-car file or the file's name says of it, in this order.

    Parameters
    ----------
    source
        A folder (recursively), a glob, a manifest (.csv or .jsonl), a recording, or the fsspec URL of one of these. A
        manifest has the columns recording (a path beside the manifest, or a URL) and, where they are known, rep, team,
        started_at (ISO 8601), queue, customer, caller (their kind: new, small, prospect), rep_channel (0 or 1), title.
    pattern
        How a file's name tells of the call: {date}, {time}, {rep}, {team}, {queue}, {customer}, {caller},
        {rep_channel}; with folders where it has a slash. A name that is different tells nothing.

    Raises
    ------
    InputError
        Where the source cannot be read, the manifest has a mistake, or a URL holds a password, a key or a signature.
    """
    known = _compiled(pattern)
    _keep_no_secret(str(source), "the URL of the recordings")
    if "://" in str(source):
        found = _elsewhere(str(source))
    elif Path(source).suffix.lower() in MANIFESTS and not Path(source).is_dir():
        found = _listed(str(source))
    else:
        found = _here(Path(source))
    return [_named(recording, known) for recording in found]


def _keep_no_secret(place: str, where: str) -> None:
    """Refuse what would be stored and shown, without showing it."""
    if "://" in place and _SECRET.search(place):
        raise InputError(
            f"{where} holds a password, a key or a signature, and would be stored and shown with it; "
            "put those in the environment, where fsspec looks for them"
        )


def _with_side_car(recording: Recording, text: str | bytes, place: str) -> Recording:
    try:
        return _filled(recording, json.loads(text))
    except (ValueError, TypeError, AttributeError) as error:
        _log.warning("%s: what it says of its recording cannot be used (%s); correct it and run again", place, error)
        return recording


def _side_car_of(path: str) -> str:
    return re.sub(r"\.[^./]*$", "", path) + ".json"


def stamp_of(recording: Recording) -> tuple[str, float | None]:
    """The size and the time of a file, as a text that changes when its content does; seconds since it last did.

    Raises
    ------
    InputError
        Where it cannot be read.
    """
    if isinstance(recording.path, Path):
        check_file(recording.path)
        stat = recording.path.stat()
        return f"{stat.st_size} {stat.st_mtime_ns}", datetime.now().timestamp() - stat.st_mtime
    with _reaching(recording.path):
        fs, path = url_to_fs(recording.path)
        info = fs.info(path)
        when = next((str(info[key]) for key in ("ETag", "etag", "LastModified", "mtime", "created") if key in info), "")
        return f"{info['size']} {when}"[:100], None


def fetch(recording: Recording, folder: Path) -> Path:
    """The recording as a file on this machine: itself, or a copy in a new folder within `folder`.

    Raises
    ------
    InputError
        Where it cannot be fetched.
    """
    if isinstance(recording.path, Path):
        return recording.path
    copy = Path(mkdtemp(dir=folder)) / PurePath(recording.path).name
    with _reaching(recording.path):
        fs, path = url_to_fs(recording.path)
        fs.get_file(path, str(copy))
    return copy


def _here(source: Path) -> list[Recording]:
    paths = [source]
    if source.is_dir():
        paths = sorted(path for path in source.rglob("*") if _is_recording(path))
    elif has_magic(str(source)) and not source.exists():
        paths = sorted(path for path in map(Path, glob(str(source), recursive=True)) if _is_recording(path))
    return [_with_own_side_car(path) for path in paths]


def _with_own_side_car(path: Path) -> Recording:
    beside = path.with_suffix(".json")
    return _with_side_car(Recording(path), beside.read_bytes(), str(beside)) if beside.is_file() else Recording(path)


def _elsewhere(url: str) -> list[Recording]:
    with _reaching(url):
        fs, path = url_to_fs(url)
        if PurePath(path).suffix.lower() in MANIFESTS:
            return _listed(url)
        names = fs.glob(path) if has_magic(path) else fs.find(path)
        found = sorted(name for name in names if _is_recording(name))
        beside = sorted({_side_car_of(name) for name in found} & set(names))
        said = fs.cat(beside) if beside else {}
        return [_from_bucket(fs.unstrip_protocol(name), said.get(_side_car_of(name))) for name in found]


def _from_bucket(url: str, beside: bytes | None) -> Recording:
    return Recording(url) if beside is None else _with_side_car(Recording(url), beside, _side_car_of(url))


def _is_recording(path: str | PurePath) -> bool:
    return PurePath(path).suffix.lower() in SUFFIXES | HEADERLESS.keys()


class _reaching:
    """Says in one line that something elsewhere cannot be reached: the libraries for it raise what they like."""

    def __init__(self, url: str) -> None:
        self._url = url

    def __enter__(self) -> None: ...

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        if isinstance(error, FileNotFoundError):
            raise InputError(f"{self._url}: there is no such file") from error
        if isinstance(error, Exception) and not isinstance(error, InputError):
            what = str(error).partition("\n")[0] or type(error).__name__
            raise InputError(f"{self._url}: cannot be reached ({what})") from error


def _listed(source: str) -> list[Recording]:
    try:
        with fsspec.open(source, "rt", newline="", encoding="utf-8-sig") as file:
            return list(_rows(source, file))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise InputError(f"{source}: cannot be read as a manifest ({error}); give a folder, CSV or JSONL") from error


def _rows(source: str, file: TextIO) -> Iterator[Recording]:
    folder = source.rpartition("/")[0]
    for number, row in _numbered(source, file):
        place = row.get("recording")
        if not isinstance(place, str) or not place:
            raise InputError(f"{source}, line {number}: it names no recording; give its path as `recording`")
        _keep_no_secret(place, f"{source}, line {number}: the URL of the recording")
        place = place if "://" in place or place.startswith("/") else f"{folder or '.'}/{place}"
        try:
            yield _filled(Recording(place if "://" in place else Path(place)), row)
        except (TypeError, ValueError) as error:
            raise InputError(f"{source}, line {number}: {error}; correct it and run again") from error


def _numbered(source: str, file: TextIO) -> Iterator[tuple[int, dict[str, Any]]]:
    if source.lower().endswith(".csv"):
        table = csv.DictReader(file)
        if "recording" not in (table.fieldnames or ()):
            raise InputError(f"{source}: a manifest needs a column named recording, with the path of each recording")
        for row in table:
            yield table.line_num, {name: value.strip() for name, value in row.items() if name and value}
        return
    for number, line in enumerate(file, 1):
        if line.strip():
            yield number, _object(source, number, line)


def _object(source: str, number: int, line: str) -> dict[str, Any]:
    try:
        row = json.loads(line)
    except ValueError as error:
        raise InputError(f"{source}, line {number}: this is not JSON; correct it and run again") from error
    return row if isinstance(row, dict) else {}


def _filled(recording: Recording, row: dict[str, Any]) -> Recording:
    """With what a row says, as far as it is not known yet."""
    said: dict[str, Any] = {name: str(row[name]) for name in _KNOWN if row.get(name) not in (None, "")}
    if row.get("started_at"):
        said["started_at"] = datetime.fromisoformat(row["started_at"])
    if row.get("rep_channel") not in (None, ""):
        said["rep_channel"] = _channel(row["rep_channel"])
    return replace(recording, **{name: value for name, value in said.items() if getattr(recording, name) is None})


def _channel(value: object) -> int:
    if str(value) not in ("0", "1"):
        raise ValueError(f"rep_channel must be 0 or 1, not {value}")
    return int(str(value))


def _compiled(pattern: str) -> re.Pattern[str]:
    allowed = {*_FIELDS, *_KNOWN} - {"title"}
    parts = re.split(r"\{(\w+)\}", pattern)
    if unknown := set(parts[1::2]) - allowed:
        raise InputError(
            f"{pattern}: a name cannot tell {', '.join(sorted(unknown))}; use {', '.join(sorted(allowed))}"
        )
    fields = (f"(?P<{name}>{_FIELDS.get(name, _ANY)})" for name in parts[1::2])
    expression = "".join(re.escape(fixed) + field for fixed, field in zip(parts[::2], [*fields, ""], strict=True))
    return re.compile(f"(?:.*/)?{expression}", re.DOTALL)


def _named(recording: Recording, known: re.Pattern[str]) -> Recording:
    found = known.fullmatch(re.sub(r"\.[^./]*$", "", str(recording.path)))
    if not found:
        return recording
    said = found.groupdict()
    date, time = said.get("date"), (said.get("time") or "0000").replace("-", "")
    try:
        said["started_at"] = date and f"{datetime.fromisoformat(date).date()}T{time[:2]}:{time[2:4]}:{time[4:] or '00'}"
        return _filled(recording, said)
    except ValueError:  # digits that are no date tell nothing
        return recording


def latest(found: Iterable[Recording], since: datetime) -> list[Recording]:
    """Those that took place, or else whose files were last changed, at `since` or later. Unknown times count as new."""
    return [recording for recording in found if (_time(recording) or since).timestamp() >= since.timestamp()]


def _time(recording: Recording) -> datetime | None:
    if recording.started_at or isinstance(recording.path, str):
        return recording.started_at
    try:
        return datetime.fromtimestamp(recording.path.stat().st_mtime)
    except OSError:
        return None
