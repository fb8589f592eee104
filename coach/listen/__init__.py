"""From a recording to a Call: who said what, when, and how sure the transcriber is of each word."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import islice
from pathlib import Path

from coach.audio import RATE, Recording, blocks, probe
from coach.calls import Call, Speaker, Turn, Word
from coach.listen.engines import Engine, load_engine
from coach.listen.roles import rep_of
from coach.listen.speech import Speech, find_speech
from coach.listen.turns import conversation, monologue
from coach.listen.windows import cut, pack

__all__ = ["Engine", "listen", "load_engine"]

BATCH = 8  # windows decoded together
SPEECH_SHARE = 0.1  # of the work is finding the speech; the rest is transcribing it


def listen(
    path: str | Path,
    engine: Engine,
    rep_channel: int | None = None,
    progress: Callable[[float], None] | None = None,
) -> Call:
    """Transcribe a recording of one channel or two.

    Parameters
    ----------
    engine
        From `load_engine`.
    rep_channel
        The channel (0 or 1) on which the rep speaks; where it isn't given, what is said decides.
    progress
        Called with the share of the work that is done, 0-1.

    Returns
    -------
    Call
        Without turns where nobody speaks, or where the language is not English (`language` says which). Speakers are
        "unknown" where only one channel carries speech.

    Raises
    ------
    InputError
        Where the recording can't be used.
    """
    tell = progress or (lambda _: None)
    recording = probe(path)
    total = recording.duration * RATE
    speech = find_speech(_channels(path, recording), lambda done: tell(SPEECH_SHARE * done / total))
    language, words = _transcribe(path, recording, speech, engine, tell)
    tell(1.0)
    call = Call(
        Path(path).stem,
        (),
        recording=str(path),
        duration=round(recording.duration, 3),
        language=language,
        channels=recording.channels,
    )
    return _with_turns(call, words, rep_channel)


def _channels(path: str | Path, recording: Recording) -> Iterator:
    return (block[: recording.channels] for block in blocks(path))


def _transcribe(
    path: str | Path, recording: Recording, speech: Speech, engine: Engine, tell: Callable[[float], None]
) -> tuple[str | None, list[list[Word]]]:
    """The language and each channel's words; the language is decided by the first windows."""
    windows = pack(speech)
    words: list[list[Word]] = [[] for _ in range(recording.channels)]
    language, done = None, 0
    sounds = cut(_channels(path, recording), windows, speech.leaked)
    while batch := list(islice(sounds, BATCH)):
        heard = engine.transcribe([sound for _, sound in batch], language)
        language = heard.language
        if language != "en":
            break
        for (window, _), said in zip(batch, heard.words, strict=True):
            words[window.channel] += [window.in_recording(word) for word in said]
        done += len(batch)
        tell(SPEECH_SHARE + (1 - SPEECH_SHARE) * done / len(windows))
    return language, words


def _with_turns(call: Call, words: list[list[Word]], rep_channel: int | None) -> Call:
    if not any(words):
        return call
    if call.channels == 1 or (rep_channel is None and not all(words)):
        said = next(channel for channel in words if channel)
        return replace(call, turns=monologue(said), channels=1)
    confidence = 1.0
    if rep_channel is None:
        rep_channel, confidence = rep_of([" ".join(word.text for word in channel) for channel in words])
    roles: list[Speaker] = ["rep" if channel == rep_channel else "customer" for channel in range(2)]
    turns: tuple[Turn, ...] = conversation(list(zip(roles, words, strict=True)))
    return replace(call, turns=turns, rep_channel=rep_channel, rep_confidence=confidence)
