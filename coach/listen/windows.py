"""Speech packed into Whisper's 30-s windows, so that silence costs nothing; and words put back where they were said."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

import numpy as np

from coach.audio import RATE
from coach.calls import Word
from coach.listen.engines import WINDOW
from coach.listen.speech import FRAME, Speech

NATURAL = 1.0  # seconds between padded stretches that are left as they are: Whisper hears sentences by their pauses
FULL = 26.0  # seconds from which on a window may end
GAP = round(0.5 * RATE)  # samples of silence between other stretches, or a word slips over to the one before


@dataclass(frozen=True, slots=True)
class Window:
    """Stretches of one channel, one after the other: `pieces` are their first and last samples in the recording."""

    channel: int
    pieces: tuple[tuple[int, int], ...]

    @property
    def samples(self) -> int:
        return sum(last - first + GAP for first, last in self.pieces) - GAP

    def in_recording(self, word: Word) -> Word:
        """The word with its times in the recording: in the piece that holds most of it, and never out of it."""
        edges = np.array(self.pieces) / RATE
        lengths = edges[:, 1] - edges[:, 0]
        offsets = np.cumsum(lengths + GAP / RATE) - lengths - GAP / RATE
        shared = np.minimum(word.end, offsets + lengths) - np.maximum(word.start, offsets)
        best = int(shared.argmax())
        first, last = edges[best].tolist()
        offset = float(offsets[best])
        start, end = (min(max(time - offset + first, first), last) for time in (word.start, word.end))
        return replace(word, start=round(start, 3), end=round(end, 3))


def pack(speech: Speech) -> list[Window]:
    """Windows of all channels in the order in which they are complete."""
    windows = [window for channel, regions in enumerate(speech.regions) for window in _pack(channel, regions)]
    return sorted(windows, key=lambda window: window.pieces[-1][1])


def _pack(channel: int, regions: list[tuple[int, int]]) -> Iterator[Window]:
    """Windows as full as may be, but ended at the longest pause near their end: words need their sentence."""
    begins, ends = np.array(regions, dtype=int).reshape(-1, 2).T
    pauses = begins[1:] - ends[:-1]
    kept = np.where(pauses < NATURAL * RATE, pauses, GAP)
    at = 0
    while at < len(regions):
        sizes = np.cumsum(ends[at:] - begins[at:] + np.append(0, kept[at:]))
        fits = int(np.searchsorted(sizes, WINDOW * RATE, side="right"))
        if at + fits < len(regions):
            enough = min(int(np.searchsorted(sizes, FULL * RATE)), fits - 1)
            fits = enough + int(pauses[at + enough : at + fits].argmax()) + 1
        yield Window(channel, _joined(regions[at : at + fits]))
        at += fits


def _joined(regions: list[tuple[int, int]]) -> tuple[tuple[int, int], ...]:
    pieces = regions[:1]
    for first, last in regions[1:]:
        if first - pieces[-1][1] < NATURAL * RATE:
            pieces[-1] = (pieces[-1][0], last)
        else:
            pieces.append((first, last))
    return tuple(pieces)


def cut(blocks: Iterable[np.ndarray], windows: list[Window], leaked: np.ndarray) -> Iterator[tuple[Window, np.ndarray]]:
    """Read the recording once and hand out each window with its sound as soon as it is complete."""
    waiting = [(window, np.zeros(window.samples, np.float32)) for window in windows]
    begin = 0
    for block in blocks:
        end = begin + block.shape[1]
        for window, sound in waiting:
            if window.pieces[0][0] < end:
                _fill(sound, window, block[window.channel], begin, leaked[window.channel])
        while waiting and waiting[0][0].pieces[-1][1] <= end:
            yield waiting.pop(0)
        begin = end


def _fill(sound: np.ndarray, window: Window, channel: np.ndarray, begin: int, leaked: np.ndarray) -> None:
    at = 0
    for first, last in window.pieces:
        a, b = max(first, begin), min(last, begin + len(channel))
        if a < b:
            muted = leaked[np.arange(a, b) // FRAME]
            sound[at + a - first : at + b - first] = np.where(muted, 0, channel[a - begin : b - begin])
        at += last - first + GAP
