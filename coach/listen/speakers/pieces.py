"""A recording taken apart: who is heard in each few seconds, and pieces in which one voice is heard alone."""

from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from itertools import pairwise

import numpy as np
import torch
from more_itertools import chunked

from coach.audio import RATE
from coach.listen.speakers.embedding import Embedding, fbank
from coach.listen.speakers.segmentation import CENTRE, FRAMES, POWERSET, STEP, WINDOW, Segmentation

TILE = 3 * WINDOW // 4  # samples of a window that count: its middle, where both sides of a turn are heard
MARGIN = (WINDOW - TILE) // 2
BATCH = 8  # windows segmented together
LONGEST = 1.5  # seconds: the segmentation takes two alike voices for one, so that each breath is judged by itself
SHORTEST = 0.2  # seconds: a voice can't be told from less
HOP = 0.01  # seconds between frames of features

Span = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Piece:
    """One voice alone from `start` to `end` (seconds): voice `local` of the tile, which is no one else's number."""

    tile: int
    local: int
    start: float
    end: float

    @property
    def length(self) -> float:
        return self.end - self.start


@dataclass(frozen=True, slots=True)
class Heard:
    """Pieces in the order of time, the voice of each (pieces, 192; zeros where it is too short), where two speak."""

    pieces: list[Piece]
    voices: np.ndarray
    together: list[Span]


def take_apart(
    blocks: Iterable[np.ndarray], speech: list[tuple[int, int]], segmentation: Segmentation, embedding: Embedding
) -> Heard:
    """Listen through one channel once; `speech` limits where anybody is heard at all (first, last sample)."""
    spoken = np.array(speech, float).reshape(-1, 2) / RATE
    windows = ((tile, sound) for tile, sound in enumerate(_windows(blocks)) if _speaks(tile, spoken))
    listen = partial(_heard, spoken=spoken, segmentation=segmentation, embedding=embedding)
    threads = torch.get_num_threads()
    # Networks this small are much faster side by side, each on a core of its own, than one after the other on all.
    with ThreadPoolExecutor(threads, initializer=torch.set_num_threads, initargs=(1,)) as pool:
        found = [
            heard for some in chunked(windows, threads * BATCH) for heard in pool.map(listen, chunked(some, BATCH))
        ]
    torch.set_num_threads(threads)
    voices = [voice for heard in found for voice in heard.voices]
    return Heard(
        [piece for heard in found for piece in heard.pieces],
        np.stack(voices) if voices else np.zeros((0, 192), np.float32),
        [span for heard in found for span in heard.together],
    )


def _heard(
    windows: list[tuple[int, np.ndarray]], spoken: np.ndarray, segmentation: Segmentation, embedding: Embedding
) -> Heard:
    sets = segmentation(torch.from_numpy(np.stack([sound for _, sound in windows]))).argmax(dim=-1)
    pieces: list[Piece] = []
    voices: list[np.ndarray] = []
    together: list[Span] = []
    for (tile, sound), active in zip(windows, POWERSET[sets].bool().numpy(), strict=True):
        found, both = _pieces(tile, active, spoken)
        pieces += found
        voices += _voices(tile, sound, found, embedding)
        together += both
    return Heard(pieces, np.array(voices), together)


def _windows(blocks: Iterable[np.ndarray]) -> Iterator[np.ndarray]:
    """Windows of 10 s, one each 7.5 s: their middles make up the recording."""
    held = np.zeros(MARGIN, np.float32)
    for block in blocks:
        held = np.concatenate([held, block])
        while len(held) >= WINDOW:
            yield held[:WINDOW]
            held = held[TILE:]
    while len(held) > MARGIN:
        yield np.pad(held, (0, WINDOW - len(held)))
        held = held[TILE:]


def _speaks(tile: int, spoken: np.ndarray) -> bool:
    start = tile * TILE / RATE
    return bool(((spoken[:, 0] < start + TILE / RATE) & (spoken[:, 1] > start)).any())


def _pieces(tile: int, active: np.ndarray, spoken: np.ndarray) -> tuple[list[Piece], list[Span]]:
    """Of a window's frames (frames, 3): who is heard alone in its middle, and where two are heard at once."""
    times = (CENTRE + STEP * np.arange(FRAMES) - MARGIN) / RATE
    at = times + tile * TILE / RATE
    inside = (np.searchsorted(spoken[:, 0], at) - np.searchsorted(spoken[:, 1], at)) > 0
    latest = float(spoken[-1, 1])
    active = active & (inside & (times >= 0) & (times < TILE / RATE))[:, None]
    alone = active & (active.sum(axis=1, keepdims=True) == 1)
    spans = [(local, *span) for local in range(3) for span in _runs(alone[:, local], at, latest)]
    pieces = [Piece(tile, local, a, b) for local, start, end in spans for a, b in _cut(start, end)]
    return sorted(pieces, key=lambda piece: piece.start), _runs(active.sum(axis=1) > 1, at, latest)


def _runs(mask: np.ndarray, at: np.ndarray, latest: float) -> list[Span]:
    edges = np.flatnonzero(np.diff(mask.astype(int), prepend=0, append=0)).reshape(-1, 2)
    half = STEP / RATE / 2
    return [(float(at[first] - half), min(float(at[last - 1] + half), latest)) for first, last in edges]


def _cut(start: float, end: float) -> list[Span]:
    edges = np.linspace(start, end, int(np.ceil((end - start) / LONGEST)) + 1).tolist()
    return list(pairwise(edges))


def _voices(tile: int, sound: np.ndarray, pieces: list[Piece], embedding: Embedding) -> list[np.ndarray]:
    """Each voice of the tile is read as one text, then each piece of it is summed up by itself."""
    features = fbank(sound[MARGIN : MARGIN + TILE])
    voices = [np.zeros(192, np.float32)] * len(pieces)
    for local in {piece.local for piece in pieces}:
        own = [(i, _frames(tile, p)) for i, p in enumerate(pieces) if p.local == local and p.length >= SHORTEST]
        if own:
            read = embedding.read(torch.from_numpy(np.concatenate([features[frames] for _, frames in own])))
            ends = np.cumsum([len(features[frames]) for _, frames in own]) // 2
            for (i, _), end, begin in zip(own, ends, [0, *ends[:-1]], strict=True):
                voices[i] = embedding.voice(read[:, begin:end]).numpy()
    return voices


def _frames(tile: int, piece: Piece) -> slice:
    begin = tile * TILE / RATE
    return slice(max(0, round((piece.start - begin) / HOP)), round((piece.end - begin) / HOP))
