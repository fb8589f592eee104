"""Words that were heard in one channel, given to those who said them."""

import re
from collections.abc import Sequence
from itertools import pairwise

import numpy as np

from coach.calls import Word
from coach.listen.speakers.clustering import viterbi
from coach.listen.speakers.pieces import Span

SLACK = 0.1  # seconds around a word: Whisper's times are off by 0.1-0.2 s
FLOOR = 0.1  # of a word's time, given to each speaker: no word is decided by its time alone
WITHIN = -2.0  # log odds that somebody else says the next word: within a sentence
BETWEEN = -0.3  # after a sentence, or a pause
PAUSE = 0.3  # seconds


def given(words: Sequence[Word], heard: Sequence[Sequence[Span]]) -> list[list[Word]]:
    """Each speaker's words.

    Parameters
    ----------
    words
        Of all speakers, in the order of time.
    heard
        When each speaker is heard: start and end in seconds.

    Returns
    -------
    list of list of Word
        For each speaker. A word goes to who is heard most around its time; where two are heard, or nobody, its sentence
        stays with one speaker.
    """
    said: list[list[Word]] = [[] for _ in heard]
    if words:
        switch = np.array([_switch(*pair) for pair in pairwise(words)])
        shares = np.stack([_shares(words, spans) for spans in heard], axis=1)
        for word, speaker in zip(words, viterbi(np.log(shares + FLOOR), switch), strict=True):
            said[speaker].append(word)
    return said


def _shares(words: Sequence[Word], spans: Sequence[Span]) -> np.ndarray:
    """The share of each word's time, with some slack, in which somebody is heard."""
    starts, ends = np.array(spans).reshape(-1, 2).T
    spoken = np.concatenate([[0.0], np.cumsum(ends - starts)])

    def until(times: np.ndarray) -> np.ndarray:
        """Seconds spoken before."""
        after = np.searchsorted(starts, times)
        last = np.maximum(after - 1, 0)
        over = np.maximum(ends[last] - times, 0) if len(ends) else 0.0
        return spoken[after] - np.where(after > 0, over, 0.0)

    begin = np.array([word.start for word in words]) - SLACK
    stop = np.array([word.end for word in words]) + SLACK
    return (until(stop) - until(begin)) / (stop - begin)


def _switch(word: Word, following: Word) -> float:
    ended = re.search(r"[.?!]\W*$", word.text) or following.start - word.end > PAUSE
    return BETWEEN if ended else WITHIN
