"""The rep's voice, turn by turn: its pitch, how far that moves, and its loudness. Figures, never a feeling."""

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from scipy.signal import butter, sosfilt

from coach.audio import RATE, blocks
from coach.calls import Call
from coach.delivery.spurts import free, of_turns, spurts

if TYPE_CHECKING:
    from swift_f0 import SwiftF0

FRAME = 256  # samples at 16 kHz that swift-f0 judges at a time: 16 ms
LOWEST, HIGHEST = 60.0, 500.0  # Hz: adults' F0 in lively talk
VOICED = 0.2  # confidence: at swift-f0's own 0.5 the soft, low ends of phrases are lost
ENOUGH = 0.5  # seconds of voiced speech, or a turn has no figures; of silence, or nothing is known of the line
LEVEL = 0.1  # RMS at which swift-f0 hears every stretch: it takes what is very faint for silence
BAND = butter(4, [300, 3400], "bandpass", fs=RATE, output="sos")  # Hz: all that every line carries
NEAR, AROUND = 0.3, 2.0  # seconds from speech: nearer may hold some of it still, farther may be music on hold
PROBE = 3.0  # seconds of it in a block that are searched for talk in the background
TALK = 0.1  # share of that which is voiced: of hiss 0.01 is
STRONGER, STRONG = 4.0, 30.0  # times talk in the background: what a frame must be to count, a turn to have figures


@dataclass(frozen=True, slots=True)
class Voice:
    """One turn: `pitch` in Hz, `pitch_range` in semitones, `loudness` in dB against the rep's median in the call."""

    pitch: float
    pitch_range: float
    loudness: float


@dataclass(frozen=True, slots=True)
class _Span:
    """Frames `first` to `last` of a turn, in which the rep speaks and nobody else does."""

    turn: int
    first: int
    last: int


@dataclass(frozen=True, slots=True)
class _Line:
    """What there is when nobody speaks: the power of `noise`, and of `talk` (0 where it isn't people's)."""

    noise: float
    talk: float


def voices(call: Call, recording: str | Path) -> list[Voice | None]:
    """Measure the voice in each of the rep's turns, where the rep alone is heard.

    Pitch is the median F0 of the voiced frames, its range lies between their 10th and 90th percentile. F0 is found
    from the harmonics (swift-f0, arXiv 2508.18440): a telephone carries no fundamental. Loudness is the mean power of
    the voiced frames between 300 and 3400 Hz, less the power of the line's own noise: neither pauses nor the line, its
    level or its width, count.

    Parameters
    ----------
    recording
        The call's sound; it is read in blocks, of which only some bytes a frame are kept.

    Returns
    -------
    list of Voice or None
        One entry a turn; None where it isn't the rep's, where less than half a second of it is voiced, or where people
        in the background are hardly weaker than the rep.

    Raises
    ------
    InputError
        Where the recording can't be used.
    """
    spans = _alone(call)
    if not spans:
        return [None] * len(call.turns)
    f0, power, line = _listen(call, recording, spans)
    voiced = (f0 > 0) & (power > STRONGER * line.talk)
    frames: dict[int, list[np.ndarray]] = {}
    for span in spans:
        frames.setdefault(span.turn, []).append(span.first + np.flatnonzero(voiced[span.first : span.last]))
    spoken = {turn: at for turn, pieces in frames.items() if _clear(power[at := np.concatenate(pieces)], line)}
    levels = {turn: _level(power[at], line) for turn, at in spoken.items()}
    usual = float(np.median(list(levels.values()))) if levels else 0.0
    return [
        _voice(f0[spoken[turn]], levels[turn] - usual) if turn in spoken else None for turn in range(len(call.turns))
    ]


def _clear(power: np.ndarray, line: _Line) -> bool:
    return len(power) * FRAME >= ENOUGH * RATE and power.mean() > STRONG * line.talk


def _alone(call: Call) -> list[_Span]:
    whole = spurts(call)
    others = [(spurt.start, spurt.end) for spurt in whole if spurt.speaker != "rep"]
    return [
        _Span(turn, _frame(start), _frame(end))
        for turn, own in of_turns(call, "rep", whole).items()
        for spurt in own
        for start, end in free(spurt.start, spurt.end, others)
    ]


def _frame(seconds: float) -> int:
    return round(max(0.0, seconds) * RATE / FRAME)


def _listen(call: Call, recording: str | Path, spans: list[_Span]) -> tuple[np.ndarray, np.ndarray, _Line]:
    """F0 in Hz of each frame (0 where no voice is heard, or where nobody needs to know), its power, and the line."""
    heard, begin = [], 0
    for block in blocks(recording):
        sound = block[call.rep_channel] if call.channels == 2 and call.rep_channel is not None else block.mean(axis=0)
        power = _power(sosfilt(BAND, sound))
        silent = _silent(call, begin, len(power))
        probe = np.flatnonzero(np.repeat(silent, FRAME))[: int(PROBE * RATE)]
        heard.append((_f0_within(sound, spans, begin, len(power)), power, power[silent], _f0(sound[probe])))
        begin += len(power)
    f0, power, quiet, background = map(np.concatenate, zip(*heard, strict=True))
    noise = float(np.median(quiet)) if len(quiet) * FRAME >= ENOUGH * RATE else 0.0
    talk = len(background) > 0 and (background > 0).mean() > TALK
    return f0, power, _Line(noise, noise if talk else 0.0)


def _f0_within(sound: np.ndarray, spans: list[_Span], begin: int, frames: int) -> np.ndarray:
    f0 = np.zeros(frames)
    for span in spans:
        first, last = max(0, span.first - begin), min(frames, span.last - begin)
        if first < last:
            f0[first:last] = _f0(sound[first * FRAME : last * FRAME])
    return f0


def _f0(sound: np.ndarray) -> np.ndarray:
    """Hz in each frame; 0 where no voice is heard."""
    level = np.sqrt(np.square(sound).mean()) if len(sound) else 0.0
    if not level:
        return np.zeros(len(sound) // FRAME)
    heard = _detector().detect(sound * (LEVEL / level), RATE, LOWEST, HIGHEST)
    return np.where(heard.confidence >= VOICED, heard.pitch_hz, 0.0)


def _silent(call: Call, begin: int, frames: int) -> np.ndarray:
    """In which frames, of `frames` from `begin` on, nobody speaks, though the rep does shortly before or after."""
    silent = np.zeros(frames, bool)
    for margin in (AROUND, NEAR):
        for stretch in call.speech:
            first, last = _frame(stretch.start - margin) - begin, _frame(stretch.end + margin) - begin
            if margin == NEAR or stretch.speaker == "rep":
                silent[max(0, first) : max(0, last)] = margin == AROUND
    return silent


def _power(sound: np.ndarray) -> np.ndarray:
    return np.square(sound[: len(sound) // FRAME * FRAME].reshape(-1, FRAME)).mean(axis=1)


def _level(power: np.ndarray, line: _Line) -> float:
    """dB; no more than nine tenths of what is heard are believed to be noise."""
    return 10 * float(np.log10(max(power.mean() - line.noise, power.mean() / 10)))


def _voice(f0: np.ndarray, loudness: float) -> Voice:
    low, middle, high = np.percentile(f0, [10, 50, 90])
    return Voice(round(float(middle), 1), round(12 * float(np.log2(high / low)), 2), round(loudness, 1))


@cache
def _detector() -> "SwiftF0":
    from swift_f0 import SwiftF0  # imports onnxruntime, which most of this module's users do not need

    return SwiftF0(threads=1, spin=False)
