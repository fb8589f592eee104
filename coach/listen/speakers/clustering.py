"""Which pieces of speech are one person's: by the voice first, and by how conversations go where that is undecided.

Voices are clustered into too many clusters (spherical k-means), merged by Ward's rule, and decided by a hidden Markov
model over the pieces in the order of time (as in VBx, Landini et al. 2022, arXiv 2012.14952; here a piece is a breath).
"""

from collections.abc import Sequence
from itertools import pairwise
from math import erf, sqrt

import numpy as np
from scipy.special import expit

from coach.listen.speakers.pieces import LONGEST, Piece

VOICES = 6  # clusters to begin with
TRIES = 20  # random beginnings of k-means
LONG = 0.6  # seconds: shorter pieces say too little of a voice to begin with
ALIKE = 0.55  # cosine between voices above which a third is one of the two, and not somebody else
FEW = 3.0  # seconds: who says less is nobody else, but noise
PART = 0.6  # of the call: who is heard in no more of it may have given way to somebody else
SURE = 0.9  # that there is a third
TRUST = 0.5  # in a piece's voice, against a normal distribution of all pieces
CAP = 8.0  # no piece decides alone
CONTACT = 0.05  # seconds: no pause
CHANGES = 2  # of speaker in a minute of speech: who takes turns less often does not talk with the other
# P(another speaks the next piece), by what the segmentation says of the two
SAME_BREATH, SAME_VOICE, OTHER_VOICE, NEXT_TILE, NEXT_TILE_AFTER_PAUSE = 0.03, 0.2, 0.85, 0.15, 0.35
# 1 - cosine at which it is even odds that voices are two people's, and how fast that becomes sure: one voice split in
# two came to 0.03-0.10, two alike ones to 0.10-0.25, others to 0.3-0.8 (read speech and synthetic calls)
APART, APART_BY = 0.105, 0.01

Labels = np.ndarray


def speakers_of(pieces: Sequence[Piece], voices: np.ndarray) -> tuple[Labels, float]:
    """Who speaks each piece, and how sure that is.

    Parameters
    ----------
    pieces, voices
        In the order of time, the voice of each (pieces, 192); zeros where it is not known.

    Returns
    -------
    labels, confidence
        0 and 1 are the two who talk with each other, 2 is anybody else. The confidence (0-1) is the share of speech
        that is expected to be right, times the probability that there are two voices at all.
    """
    lengths = np.array([piece.length for piece in pieces])
    if (lengths[voices.any(axis=1)] >= LONG).sum() < 2:
        return np.zeros(len(pieces), int), 0.0
    sides = voices / np.maximum(np.linalg.norm(voices, axis=1, keepdims=True), 1e-9)
    labels = _decide(pieces, sides, lengths, _people(sides, lengths))
    if labels.max() == 0:
        return labels, 0.0
    pair = _partners(labels)
    places = [np.flatnonzero(labels == one) for one in pair]
    found = np.full(len(pieces), 2)
    for speaker, place in enumerate(places):
        found[place] = speaker
    both = np.sort(np.concatenate(places))
    return found, _confidence(sides[both], lengths[both], found[both])


def _people(sides: np.ndarray, lengths: np.ndarray) -> Labels:
    """Two voices or more. Where one of two is heard in a part of the call only (a machine that greets, a rep who hands
    the call on), the other may be two people, alike beside the first: they are parted anew, if that is sure."""
    labels = _voices(sides, lengths)
    larger = np.bincount(labels, lengths).argmax()
    rest, others = np.flatnonzero(labels == larger), np.flatnonzero(labels != larger)
    if labels.max() != 1 or others[-1] - others[0] >= PART * len(labels) or (lengths[rest] >= LONG).sum() < 2:
        return labels
    again = _voices(sides[rest], lengths[rest])
    if again.max() != 1 or _confidence(sides[rest], lengths[rest], again) < SURE:
        return labels
    parted = np.full(len(labels), 2)
    parted[rest] = again
    return parted


def _voices(sides: np.ndarray, lengths: np.ndarray) -> Labels:
    long = (lengths >= LONG) & sides.any(axis=1)
    means = _k_means(sides[long], lengths[long], min(VOICES, int(long.sum())))
    return _merged(sides, lengths, (sides @ means.T).argmax(axis=1))


def _k_means(sides: np.ndarray, lengths: np.ndarray, count: int) -> np.ndarray:
    """The directions of `count` clusters: the best of TRIES beginnings, the same each time."""
    rng, best, means = np.random.default_rng(0), -1.0, sides[:count]
    for _ in range(TRIES):
        centres = sides[_spread(sides, lengths, count, rng)]
        for _ in range(10):
            labels = (sides @ centres.T).argmax(axis=1)
            centres = np.where(
                np.bincount(labels, minlength=count)[:, None], _means(sides, lengths, labels, count), centres
            )
        fit = float((lengths * (sides @ centres.T).max(axis=1)).sum())
        if fit > best:
            best, means = fit, centres
    return means


def _spread(sides: np.ndarray, lengths: np.ndarray, count: int, rng: np.random.Generator) -> list[int]:
    """k-means++: each beginning far from those before it."""
    chosen = [int(rng.choice(len(sides), p=lengths / lengths.sum()))]
    while len(chosen) < count:
        far = lengths * (1 - (sides @ sides[chosen].T).max(axis=1)).clip(1e-9)
        chosen.append(int(rng.choice(len(sides), p=far / far.sum())))
    return chosen


def _means(sides: np.ndarray, lengths: np.ndarray, labels: Labels, count: int) -> np.ndarray:
    sums = np.stack([(sides[labels == i] * lengths[labels == i, None]).sum(axis=0) for i in range(count)])
    return sums / np.maximum(np.linalg.norm(sums, axis=1, keepdims=True), 1e-9)


def _merged(sides: np.ndarray, lengths: np.ndarray, labels: Labels) -> Labels:
    """By Ward's rule down to two; more stay where each says enough, and no two are alike."""
    while (labels := _numbered(labels)).max() > 1:
        count = labels.max() + 1
        mass = np.bincount(labels, lengths, count)
        means = _means(sides, lengths, labels, count)
        alike = means @ means.T
        cost = (1 - alike) * np.multiply.outer(mass, mass) / np.add.outer(mass, mass)
        np.fill_diagonal(cost, np.inf)
        if mass.min() >= FEW:
            cost = np.where(alike >= ALIKE, cost, np.inf)
        one, other = divmod(int(cost.argmin()), count)
        if np.isinf(cost[one, other]):
            break
        labels = np.where(labels == other, one, labels)
    return labels


def _numbered(labels: Labels) -> Labels:
    return np.unique(labels, return_inverse=True)[1]


def _decide(pieces: Sequence[Piece], sides: np.ndarray, lengths: np.ndarray, labels: Labels) -> Labels:
    """Voices and turn-taking together, until nothing changes."""
    switch = np.array([_switch(*pair) for pair in pairwise(pieces)])
    for _ in range(8):
        before, count = labels, labels.max() + 1
        if count < 2:
            break
        near = sides @ _means(sides, lengths, labels, count).T
        mean, spread = _gap(near, lengths, labels)
        gain = TRUST * 2 * mean / spread**2 * near * np.minimum(lengths, LONGEST)[:, None]
        labels = _numbered(viterbi(np.maximum(gain, gain.max(axis=1, keepdims=True) - CAP), switch))
        if len(before) == len(labels) and (before == labels).all():
            break
    return labels


def _gap(near: np.ndarray, lengths: np.ndarray, labels: Labels) -> tuple[float, float]:
    """How much nearer pieces are to their own speaker than to the next: mean and standard deviation."""
    at = np.arange(len(labels))
    others = near.copy()
    others[at, labels] = -np.inf
    gap = near[at, labels] - others.max(axis=1)
    mean = float(np.average(gap, weights=lengths))
    return mean, max(float(np.average((gap - mean) ** 2, weights=lengths)) ** 0.5, 0.02)


def _switch(one: Piece, other: Piece) -> float:
    """Log odds that somebody else speaks the next piece."""
    pause = other.start - one.end > CONTACT
    if one.tile == other.tile:
        same = SAME_VOICE if pause else SAME_BREATH
        chance = same if one.local == other.local else OTHER_VOICE
    else:
        chance = NEXT_TILE_AFTER_PAUSE if pause else NEXT_TILE
    return float(np.log(chance / (1 - chance)))


def viterbi(gain: np.ndarray, switch: np.ndarray) -> Labels:
    """The best sequence of states.

    Parameters
    ----------
    gain
        Log score of each state at each place, (places, states).
    switch
        Log odds of a change of state before each place but the first, (places - 1).
    """
    best, back = gain[0], np.zeros(gain.shape, int)
    stay = np.eye(gain.shape[1], dtype=bool)
    for i in range(1, len(gain)):
        ways = best[:, None] + np.where(stay, 0.0, switch[i - 1])
        back[i] = ways.argmax(axis=0)
        best = ways.max(axis=0) + gain[i]
    states = [int(best.argmax())]
    for i in range(len(gain) - 1, 0, -1):
        states.append(int(back[i, states[-1]]))
    return np.array(states[::-1])


def _changes(labels: Labels) -> int:
    return int((np.diff(labels) != 0).sum())


def _partners(labels: Labels) -> tuple[int, int]:
    """The two who take turns most often."""
    count = labels.max() + 1
    pairs = [(one, other) for one in range(count) for other in range(one + 1, count)]
    return max(pairs, key=lambda pair: _changes(labels[np.isin(labels, pair)]))


def _confidence(sides: np.ndarray, lengths: np.ndarray, labels: Labels) -> float:
    """How sure it is that labels 0 and 1 are two people, and which is whose; 0 where they do not take turns."""
    if _changes(labels) < max(2.0, CHANGES * lengths.sum() / 60):
        return 0.0
    mean, spread = _gap(sides @ _means(sides, lengths, labels, 2).T, lengths, labels)
    right = (1 + erf(mean / spread / sqrt(2))) / 2
    return right * float(expit((_apart(sides, lengths, labels) - APART) / APART_BY))


def _apart(sides: np.ndarray, lengths: np.ndarray, labels: Labels) -> float:
    """1 - cosine between two voices, from pairs of different pieces only: few pieces do not seem further apart."""
    weighed = sides * lengths[:, None]
    sums = [weighed[labels == i].sum(axis=0) for i in range(2)]
    mass = [lengths[labels == i].sum() for i in range(2)]
    own = [np.square(weighed[labels == i]).sum() for i in range(2)]
    alone = [np.square(lengths[labels == i]).sum() for i in range(2)]
    within = [(total @ total - o) / max(m**2 - a, 1e-9) for total, o, m, a in zip(sums, own, mass, alone, strict=True)]
    between = sums[0] @ sums[1] / (mass[0] * mass[1])
    return float(1 - between / max(within[0] * within[1], 1e-9) ** 0.5) if min(within) > 0 else 0.0
