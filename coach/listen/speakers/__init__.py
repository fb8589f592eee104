"""Who speaks when, on one channel: speaker diarization, offline."""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache

import numpy as np
import torch
from safetensors.torch import load_file

from coach.listen.speakers.clustering import speakers_of
from coach.listen.speakers.embedding import Embedding
from coach.listen.speakers.pieces import Heard, Span, take_apart
from coach.listen.speakers.segmentation import Segmentation
from coach.listen.speakers.words import given
from coach.weights import MODELS, verified

__all__ = ["SURE_OF_SPEAKERS", "Diarization", "diarize", "given"]

FOLDER = MODELS / "speakers"
SHA256 = {
    "segmentation.safetensors": "89d52a01ab1a9e22a5fb0aa15bc6ea133ebf4063adaa1c1d5e2a10c919b2ee81",
    "embedding.safetensors": "fad142a80aa68dd9635d2bb1fe50d3d21418b08b79a21ee5fb2fca58a0b02716",
}
SURE_OF_SPEAKERS = 0.7
PAUSE = 0.25  # seconds: a shorter silence of a speaker is none
SHORTEST = 0.1  # seconds: less is a click


@dataclass(frozen=True, slots=True)
class Diarization:
    """When each of two speakers is heard, and third, anybody else: start and end in seconds, in the order of time.

    `confidence` (0-1) is the share of speech that is expected to be with the right speaker; 0 where there are not two.
    """

    heard: tuple[list[Span], list[Span], list[Span]]
    confidence: float


def diarize(blocks: Iterable[np.ndarray], speech: list[tuple[int, int]]) -> Diarization:
    """Tell two speakers apart who share a channel.

    Parameters
    ----------
    blocks
        The channel in pieces of any length: float32 (samples), 16 kHz. It is read once, and little of it is kept.
    speech
        Where anybody is heard, with some room around it: first and last sample, in the order of time.

    Returns
    -------
    Diarization
        Automatic voices, a third person and whoever does not talk with the two are neither of them.
    """
    heard = take_apart(blocks, speech, *_networks())
    labels, confidence = speakers_of(heard.pieces, heard.voices)
    return Diarization(_stretches(heard, labels), confidence)


def _stretches(heard: Heard, labels: np.ndarray) -> tuple[list[Span], list[Span], list[Span]]:
    alone = [[(p.start, p.end) for p, label in zip(heard.pieces, labels, strict=True) if label == i] for i in range(3)]
    return _joined(alone[0] + heard.together), _joined(alone[1] + heard.together), _joined(alone[2])


def _joined(spans: Iterable[Span]) -> list[Span]:
    joined: list[Span] = []
    for start, end in sorted(spans):
        if joined and start - joined[-1][1] < PAUSE:
            joined[-1] = joined[-1][0], max(end, joined[-1][1])
        else:
            joined.append((start, end))
    return [(round(start, 3), round(end, 3)) for start, end in joined if end - start >= SHORTEST]


@cache
def _networks() -> tuple[Segmentation, Embedding]:
    return Segmentation(_weights("segmentation.safetensors")), Embedding(_weights("embedding.safetensors"))


def _weights(name: str) -> dict[str, torch.Tensor]:
    return {key: x.float() for key, x in load_file(verified(SHA256[name], FOLDER / name)).items()}
