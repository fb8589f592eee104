"""Any recording that FFmpeg's libraries can read, as 16 kHz floats per channel. Nothing else touches a codec."""

import io
import logging
import os
import wave
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import av
import numpy as np
from av.container import InputContainer

from coach.calls import InputError, Stretch

RATE = 16_000
SHORTEST = 1.0
LONGEST = 3 * 3600.0
MARGIN = 0.25  # seconds around what is muted; the start of a word is off by 0.1 s in the middle, 0.2 s at times
HEADERLESS = {".ulaw": "mulaw", ".ul": "mulaw", ".mulaw": "mulaw", ".alaw": "alaw", ".al": "alaw"}
SUFFIXES = {
    ".aac", ".aif", ".aiff", ".amr", ".au", ".flac", ".g722", ".gsm", ".m4a", ".mka", ".mkv", ".mov", ".mp3", ".mp4",
    ".oga", ".ogg", ".opus", ".wav", ".webm", ".wma",
}  # fmt: skip
_JITTER = RATE // 10  # some containers round their times to milliseconds: only a longer hole is a hole
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Recording:
    """What a file holds: `channels` that differ (1 or 2), the file's own `rate` in Hz, `duration` in seconds."""

    channels: int
    rate: int
    duration: float


def probe(path: str | Path) -> Recording:
    """Decode the file once from end to end: what it really holds, whatever its header says.

    Two channels that carry the same sound count as one.

    Raises
    ------
    InputError
        Not there, not readable, no sound in it, more than two channels, shorter than 1 s or longer than 3 hours.
    """
    with _opened(path) as container:
        rate = container.streams.audio[0].rate
        if (container.duration or 0) / av.time_base > LONGEST:
            raise InputError(_too_long(path))
    length, products = 0, np.zeros((2, 2))
    for block in blocks(path):
        length += block.shape[1]
        products += _products(block)
        if length > LONGEST * RATE:
            raise InputError(_too_long(path))
    if length < SHORTEST * RATE:
        raise InputError(f"{path}: {length / RATE:.1f} s: too short; a recording needs at least one second")
    return Recording(_distinct(products) if block.shape[0] == 2 else 1, rate, length / RATE)


def length(path: str | Path) -> float | None:
    """Seconds that the file says it holds, without decoding it; None where it does not say. See `probe` for the truth.

    Raises
    ------
    InputError
        Not there, not readable, no sound in it, more than two channels.
    """
    with _opened(path) as container:
        return container.duration / av.time_base if container.duration else None


def _too_long(path: str | Path) -> str:
    return f"{path}: longer than 3 hours; cut it into single calls first"


def _products(block: np.ndarray) -> np.ndarray:
    return block.astype(np.float64) @ block.astype(np.float64).T if block.shape[0] == 2 else np.zeros((2, 2))


def _distinct(products: np.ndarray) -> int:
    """1 where both channels are one signal: a lossy codec leaves them correlated at 0.999 and more."""
    size = np.sqrt(products[0, 0] * products[1, 1])
    return 1 if size > 0 and products[0, 1] / size > 0.995 else 2


def blocks(path: str | Path, seconds: float = 60.0) -> Iterator[np.ndarray]:
    """The recording in pieces of `seconds`: float32 (channels, samples) at 16 kHz, -1 to 1.

    Holes in the file's own times are filled with silence, so that sample 16000 t is second t of the recording.
    A file that breaks off or is damaged is used as far as it goes, and a warning says so.
    """
    size = round(seconds * RATE)
    pieces: list[np.ndarray] = []
    held = end = 0
    for position, samples in _decoded(path):
        hole = np.zeros((samples.shape[0], max(0, min(position - end, size))), np.float32)
        pieces += [hole, samples]
        held += hole.shape[1] + samples.shape[1]
        end = position + samples.shape[1]
        while held >= size:
            whole = np.concatenate(pieces, axis=1)
            yield whole[:, :size]
            pieces, held = [whole[:, size:]], held - size
    if held:
        yield np.concatenate(pieces, axis=1)


def clip(path: str | Path, start: float, end: float, muted: Iterable[Stretch] = ()) -> bytes:
    """Seconds `start` to `end` of the recording as a 16-bit wav at 16 kHz, its channels mixed.

    It is silent in the stretches that are `muted` and a little around them: a transcriber's times are not exact.
    """
    first, last = round(max(0.0, start) * RATE), round(end * RATE)
    mixed = np.zeros(max(0, last - first), np.float32)
    reached = 0
    for position, samples in _decoded(path, start=start):
        if position >= last:
            break
        a, b = max(position, first), min(position + samples.shape[1], last)
        if b > a:
            mixed[a - first : b - first] = samples[:, a - position : b - position].mean(axis=0)
            reached = b - first
    _mute(mixed, first, muted)
    return _wav(mixed[:reached])


def player_copy(path: str | Path, muted: Iterable[Stretch] = ()) -> bytes:
    """The whole recording as a small mp3, its channels mixed, silent where `clip` is: 14 MB an hour."""
    file, at, muted = io.BytesIO(), 0, tuple(muted)
    with av.open(file, "w", format="mp3") as container:
        stream = container.add_stream("libmp3lame", rate=RATE, layout="mono", bit_rate=32_000)
        for block in blocks(path):
            mixed = block.mean(axis=0)
            _mute(mixed, at, muted)
            frame = av.AudioFrame.from_ndarray(mixed[None].clip(-1, 1), format="fltp", layout="mono")
            frame.rate, frame.pts = RATE, at
            container.mux(stream.encode(frame))
            at += len(mixed)
        container.mux(stream.encode(None))
    return file.getvalue()


def _mute(mixed: np.ndarray, first: int, muted: Iterable[Stretch]) -> None:
    """Silence in a piece that begins with sample `first`."""
    for stretch in muted:
        a, b = round((stretch.start - MARGIN) * RATE), round((stretch.end + MARGIN) * RATE)
        mixed[max(0, a - first) : max(0, b - first)] = 0


def _wav(samples: np.ndarray) -> bytes:
    file = io.BytesIO()
    with wave.open(file, "wb") as wav:
        wav.setnchannels(1)
        wav.setsampwidth(2)
        wav.setframerate(RATE)
        wav.writeframes((samples.clip(-1, 1) * 32767).astype("<i2").tobytes())
    return file.getvalue()


@contextmanager
def _opened(path: str | Path) -> Iterator[InputContainer]:
    check_file(path)
    kind = HEADERLESS.get(Path(path).suffix.lower())
    # a playlist in disguise must not reach for the network
    options = {"protocol_whitelist": "file"} | ({"sample_rate": "8000"} if kind else {})
    try:
        container = av.open(str(path), format=kind, options=options)
    except (av.FFmpegError, UnicodeError) as error:
        raise InputError(f"{path}: this is not a recording, or it is damaged; save it again as wav or mp3") from error
    with container:
        if not container.streams.audio:
            raise InputError(f"{path}: there is no sound in this file")
        channels = container.streams.audio[0].channels
        if channels > 2:
            raise InputError(f"{path}: {channels} channels; save rep and customer as the two channels of one file")
        yield container


def check_file(path: str | Path) -> None:
    """Refuse what is not there, is no file, may not be read or is empty, with an InputError that says so."""
    if not Path(path).exists():
        raise InputError(f"{path}: there is no such file")
    if not Path(path).is_file():
        raise InputError(f"{path}: this is not a file")
    if not os.access(path, os.R_OK):
        raise InputError(f"{path}: no permission to read it")
    if not Path(path).stat().st_size:
        raise InputError(f"{path}: the file is empty")


def _decoded(path: str | Path, start: float = 0.0) -> Iterator[tuple[int, np.ndarray]]:
    """Samples in order, each piece with the position of its first sample; from a little before `start` on."""
    with _opened(path) as container:
        stream = container.streams.audio[0]
        begin = float((stream.start_time or 0) * (stream.time_base or 0))
        if start > 1:
            container.seek(int((begin + start - 1) * av.time_base))
        resampler = av.AudioResampler(format="fltp", rate=RATE)
        end = None
        for frame in _frames(container, path):
            for piece in resampler.resample(frame):
                samples = piece.to_ndarray()
                position = _position(piece, begin, end)
                end = position + samples.shape[1]
                yield position, samples
        for piece in resampler.resample(None) if end else ():
            yield end or 0, piece.to_ndarray()


def _frames(container: InputContainer, path: str | Path) -> Iterator[av.AudioFrame]:
    """All frames that decode; a broken packet is passed over, a broken file ends."""
    broken, done = False, 0.0
    packets = container.demux(audio=0)
    while True:
        try:
            for frame in next(packets).decode():
                done = frame.time or done
                yield frame
        except StopIteration:
            break
        except av.error.InvalidDataError:
            broken = True
        except av.FFmpegError:
            broken = True
            break
    if broken:
        _log.warning("%s: damaged; used as far as it could be read (%.0f s)", path, done)


def _position(piece: av.AudioFrame, begin: float, end: int | None) -> int:
    """Where a piece begins: right after the last one, or where its time says if that leaves a hole."""
    if piece.time is None:
        return end or 0
    position = round((piece.time - begin) * RATE)
    return position if end is None or position > end + _JITTER else end
