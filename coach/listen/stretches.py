"""Tight stretches of speech: silero-vad says that somebody speaks, the sound's level says from when to when.

By itself silero-vad hears the end of speech 0.05-0.1 s late, and a start somewhat late in noise.
"""

from collections.abc import Iterable, Sequence

import numpy as np
from scipy.ndimage import maximum_filter1d, uniform_filter1d

from coach.calls import Speaker, Stretch

STEPS = 4  # of level in each of silero-vad's frames
STEP = 0.008  # seconds: 128 samples at 16 kHz
HEARD, STILL_HEARD = 0.35, 0.2  # P(speech) from which speech begins, and above which it goes on
BEFORE, AFTER = 16, 6  # steps around an edge of silero-vad's in which the sound's own edge is looked for
HANGS, EARLIEST = 6, 44  # steps of silence that a beginning may hold, and steps that it may lie before silero-vad's
LATE_START, LATE_END = 2, 9  # steps by which silero-vad's edges are late, for where the level tells nothing
SOFT = 28.0  # dB below the loud speech of this channel: fainter sound is breath, not speech
ABOVE_NOISE = 4.0  # dB
NEAR = 40  # steps around speech that tell nothing of the noise
SMALLEST_PAUSE = 0.12  # seconds: a shorter silence is a stop consonant's
SHORTEST = 0.08  # seconds: less is a click


def stretches(heard: Iterable[tuple[Speaker, Sequence[tuple[float, float]]]]) -> tuple[Stretch, ...]:
    """When each speaker is heard, in the order of time."""
    whole = [Stretch(speaker, start, end) for speaker, times in heard for start, end in times]
    return tuple(sorted(whole, key=lambda stretch: (stretch.start, stretch.end)))


def levels(block: np.ndarray, frame: int) -> np.ndarray:
    """Level in dB of full scale, (channels, STEPS x frames), of a block that is filled up to whole frames."""
    whole = np.pad(block, ((0, 0), (0, -block.shape[1] % frame)))
    steps = whole.reshape(len(block), -1, frame // STEPS)
    return 10 * np.log10(np.square(steps, dtype=np.float32).mean(axis=2) + 1e-10)


def tight(probabilities: np.ndarray, level: np.ndarray) -> list[tuple[float, float]]:
    """When one channel speaks.

    Parameters
    ----------
    probabilities
        silero-vad's P(speech) of each frame; 0 where only the other side is heard.
    level
        From `levels`, STEPS to a frame.

    Returns
    -------
    list of (start, end)
        In seconds, in the order of time, with no padding. Silences of less than SMALLEST_PAUSE are no pause.
    """
    rough = (_runs(_hysteresis(probabilities)) * STEPS).tolist()
    loud = _loud(np.repeat(probabilities, STEPS), level)
    edges = [(_start(first, loud), _end(last, loud)) for first, last in rough]
    return [(round(a * STEP, 3), round(b * STEP, 3)) for a, b in _joined(edges) if (b - a) * STEP >= SHORTEST]


def _hysteresis(probabilities: np.ndarray) -> np.ndarray:
    """Frames above STILL_HEARD, as far as they hang together with one above HEARD."""
    runs = _runs(probabilities > STILL_HEARD)
    speech = np.zeros(len(probabilities), bool)
    for first, last in runs:
        sure = np.flatnonzero(probabilities[first:last] > HEARD)
        if sure.size:
            speech[first + sure[0] : last] = True
    return speech


def _runs(mask: np.ndarray) -> np.ndarray:
    """First and one past the last place, (runs, 2), of each run of True."""
    change = np.diff(np.pad(mask.astype(np.int8), 1))
    return np.stack([np.flatnonzero(change > 0), np.flatnonzero(change < 0)], axis=1)


def _loud(probabilities: np.ndarray, level: np.ndarray) -> np.ndarray:
    """Steps that are too loud for noise or breath."""
    speech = level[probabilities > 0.5]
    if not speech.size:
        return np.zeros(len(level), bool)
    quiet = level[maximum_filter1d(probabilities, 2 * NEAR + 1) < 0.1]
    noise = float(np.median(quiet)) if quiet.size else -np.inf
    enough = max(noise + ABOVE_NOISE, float(np.percentile(speech, 90)) - SOFT)
    return uniform_filter1d((level > enough).astype(np.float32), 3) > 0.5


def _start(at: int, loud: np.ndarray) -> int:
    """silero-vad may need 0.3 s to be sure of a beginning: it is looked for as far back as the sound hangs together."""
    begin = max(0, at - BEFORE)
    found = np.flatnonzero(loud[begin : at + AFTER])
    if not found.size:
        return max(0, at - LATE_START)
    start = begin + int(found[0])
    while (before := np.flatnonzero(loud[max(0, start - HANGS) : start])).size and start > at - EARLIEST:
        start = max(0, start - HANGS) + int(before[0])
    return start


def _end(at: int, loud: np.ndarray) -> int:
    begin = max(0, at - BEFORE)
    found = np.flatnonzero(loud[begin : at + AFTER])
    return begin + int(found[-1]) + 1 if found.size else at - LATE_END


def _joined(edges: list[tuple[int, int]]) -> list[tuple[int, int]]:
    joined: list[tuple[int, int]] = []
    for start, end in edges:
        if joined and (start - joined[-1][1]) * STEP < SMALLEST_PAUSE:
            joined[-1] = (joined[-1][0], max(end, joined[-1][1]))
        elif end > start:
            joined.append((start, end))
    return joined
