"""Words of each speaker -> turns in the order of time."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from coach.calls import Speaker, Turn, Word

PAUSE = 0.8  # seconds of silence that end an utterance
BREATH = 0.3  # seconds of silence at which another may take the floor
BACKCHANNEL = 2  # words at most: "mm-hmm", "okay, right"


@dataclass(frozen=True, slots=True)
class Utterance:
    speaker: Speaker
    words: tuple[Word, ...]

    @property
    def start(self) -> float:
        return self.words[0].start

    @property
    def end(self) -> float:
        return max(word.end for word in self.words)


def utterances(speaker: Speaker, words: Iterable[Word], pause: float = PAUSE) -> list[Utterance]:
    """What one speaker says without a pause of `pause` seconds."""
    groups: list[list[Word]] = []
    for word in words:
        if groups and word.start - groups[-1][-1].end < pause:
            groups[-1].append(word)
        else:
            groups.append([word])
    return [Utterance(speaker, tuple(group)) for group in groups]


def conversation(speakers: Sequence[tuple[Speaker, Sequence[Word]]]) -> tuple[Turn, ...]:
    """Turns of several speakers: each is all that one says until another speaks.

    A word or two inside the other's utterance is a turn of its own, and does not chop the other's into pieces.
    """
    whole = [utterance for speaker, words in speakers for utterance in utterances(speaker, words)]
    phrases = [phrase for speaker, words in speakers for phrase in utterances(speaker, words, BREATH)]
    turns: list[list[Utterance]] = []
    floor = -1  # the turn of the one who has the floor
    for phrase in sorted(phrases, key=lambda phrase: phrase.start):
        if floor >= 0 and turns[floor][0].speaker == phrase.speaker:
            turns[floor].append(phrase)
            continue
        turns.append([phrase])
        if not _is_backchannel(phrase, whole):
            floor = len(turns) - 1
    return tuple(_turn(turn) for turn in turns)


def monologue(words: Sequence[Word]) -> tuple[Turn, ...]:
    """Turns where speakers can't be told apart: one for each utterance."""
    return tuple(_turn([utterance]) for utterance in utterances("unknown", words))


def _is_backchannel(phrase: Utterance, whole: Sequence[Utterance]) -> bool:
    return len(phrase.words) <= BACKCHANNEL and any(
        other.speaker != phrase.speaker and other.start < phrase.start and phrase.end < other.end for other in whole
    )


def _turn(said: Sequence[Utterance]) -> Turn:
    words = tuple(word for utterance in said for word in utterance.words)
    return Turn(said[0].speaker, " ".join(word.text for word in words), said[0].start, said[-1].end, words)
