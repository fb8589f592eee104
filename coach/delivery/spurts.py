"""Who is heard when: spurts of speech, the pauses in them, back-channels, and which speech belongs to which turn.

Wherever a call has no `speech`, each turn with times stands for a spurt: good for seconds, not for tenths.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from coach.calls import Call, Speaker, Stretch, Turn

PAUSE = 0.25  # seconds: a shorter silence is part of articulation (Goldman-Eisler 1968; de Jong & Bosker 2013)
BACKCHANNEL_WORDS = 2
BACKCHANNEL = 1.0  # seconds: longer is more than a "very short utterance" (Edlund, Heldner & Pelcé 2009)
HOLDS_FLOOR = 1.0  # seconds that a speaker may pause and still be speaking, for what the listener puts in
SAME_BREATH = 0.5  # seconds of silence within one utterance
WORDS_MOVE = 0.2  # seconds by which a transcriber's times of words are wrong

Spans = list[tuple[float, float]]


@dataclass(frozen=True, slots=True)
class Spurt:
    """Speech of one speaker without a pause; `words` are as many as were made out in it."""

    speaker: Speaker
    start: float
    end: float
    words: int


def spurts(call: Call) -> list[Spurt]:
    """All speech of the call in the order of time, cut at pauses."""
    speech = call.speech or [
        Stretch(turn.speaker, turn.start, turn.end)
        for turn in call.turns
        if turn.start is not None and turn.end is not None and turn.end > turn.start
    ]
    found = [
        Spurt(speaker, start, end, _words(call, speaker, start, end))
        for speaker in sorted({stretch.speaker for stretch in speech})
        for start, end in joined(((s.start, s.end) for s in speech if s.speaker == speaker), PAUSE)
    ]
    return sorted(found, key=lambda spurt: (spurt.start, spurt.end))


def _words(call: Call, speaker: Speaker, start: float, end: float) -> int:
    if not call.speech:
        return sum(len(t.text.split()) for t in call.turns if (t.speaker, t.start, t.end) == (speaker, start, end))
    said = (word for turn in call.turns if turn.speaker == speaker for word in turn.words)
    return sum(start - WORDS_MOVE < (word.start + word.end) / 2 < end + WORDS_MOVE for word in said)


def joined(spans: Iterable[tuple[float, float]], pause: float) -> Spans:
    """Spans in the order of time; those less than `pause` seconds apart are one."""
    whole: Spans = []
    for start, end in sorted(spans):
        if whole and start - whole[-1][1] < pause:
            whole[-1] = whole[-1][0], max(end, whole[-1][1])
        else:
            whole.append((start, end))
    return whole


def free(start: float, end: float, taken: Iterable[tuple[float, float]]) -> Spans:
    """What is left of `start` to `end` without the spans of `taken`."""
    left: Spans = []
    for first, last in joined(taken, 0.0):
        if start < min(first, end):
            left.append((start, min(first, end)))
        start = max(start, last)
    return [*left, (start, end)] if start < end else left


def contributions(whole: Sequence[Spurt]) -> list[Spurt]:
    """Spurts without the back-channels: a word or two, within a second, inside what the other says.

    "Mm-hm", "okay", "right" tell the speaker to go on and claim no turn (Yngve 1970). What follows within SAME_BREATH
    belongs to it: "okay, but I did call" is none.
    """
    speakers = {spurt.speaker for spurt in whole}
    own = {speaker: [spurt for spurt in whole if spurt.speaker == speaker] for speaker in speakers}
    floors = {speaker: joined(((s.start, s.end) for s in own[speaker]), HOLDS_FLOOR) for speaker in speakers}
    asides = [
        (speaker, start, end)
        for speaker in speakers
        for start, end in joined(((s.start, s.end) for s in own[speaker]), SAME_BREATH)
        if end - start <= BACKCHANNEL
        and sum(s.words for s in own[speaker] if start <= s.start < end) <= BACKCHANNEL_WORDS
        and any(first < start and end < last for other in speakers - {speaker} for first, last in floors[other])
    ]
    return [s for s in whole if not any(s.speaker == who and start <= s.start < end for who, start, end in asides)]


def of_turns(call: Call, speaker: Speaker, whole: Sequence[Spurt]) -> dict[int, list[Spurt]]:
    """The speaker's spurts of each of their turns, by the turn's index.

    The words' times, wrong by some tenths, only say which turn a spurt belongs to. Where one spurt goes through two
    turns it is cut between them.
    """
    own = [spurt for spurt in whole if spurt.speaker == speaker]
    turns = [(i, t) for i, t in enumerate(call.turns) if t.speaker == speaker and None not in (t.start, t.end)]
    borders = [_border(own, before, after) for (_, before), (_, after) in pairwise(turns)]
    cells = zip([-1.0, *borders], [*borders, float("inf")], strict=True) if turns else ()
    return {i: _within(own, turn, *cell) for (i, turn), cell in zip(turns, cells, strict=True)}


def _border(own: Iterable[Spurt], before: Turn, after: Turn) -> float:
    """The middle of the longest silence between two turns of a speaker."""
    first, last = sorted((before.end or 0.0, after.start or 0.0))
    silent = free(first - WORDS_MOVE, last + WORDS_MOVE, ((spurt.start, spurt.end) for spurt in own))
    start, end = max(silent, key=lambda span: span[1] - span[0], default=(first, last))
    return (start + end) / 2


def _within(own: Iterable[Spurt], turn: Turn, first: float, last: float) -> list[Spurt]:
    begin, finish = (turn.start or 0.0) - 2 * WORDS_MOVE, (turn.end or 0.0) + 2 * WORDS_MOVE
    near = (spurt for spurt in own if spurt.start < finish and spurt.end > begin)
    cut = (replace(spurt, start=max(spurt.start, first), end=min(spurt.end, last)) for spurt in near)
    return [spurt for spurt in cut if spurt.end > spurt.start]
