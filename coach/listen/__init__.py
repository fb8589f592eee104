"""From a recording to a Call: who said what, when, and how sure the transcriber is of each word."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import islice
from pathlib import Path

from coach.audio import RATE, Recording, blocks, probe
from coach.calls import Call, Speaker, Turn, Word
from coach.listen.engines import Engine, load_engine
from coach.listen.roles import rep_of
from coach.listen.speakers import SURE_OF_SPEAKERS, Diarization, diarize, given
from coach.listen.speech import Speech, find_speech
from coach.listen.stretches import stretches
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
        Without turns where nobody speaks, or where the language is not English (`language` says which). Speakers who
        share a channel are told apart by their voices; they are "unknown" where that is not sure enough.

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
    call = Call(
        Path(path).stem,
        (),
        recording=str(path),
        duration=round(recording.duration, 3),
        language=language,
        channels=recording.channels,
    )
    alone = [channel for channel, said in enumerate(words) if said]
    if len(alone) == 1 and (recording.channels == 1 or rep_channel is None):
        channel = alone[0]
        sound = (block[channel] for block in blocks(path))
        call = _with_voices(call, words[channel], diarize(sound, speech.regions[channel]))
    elif alone:
        call = _with_channels(call, words, speech, rep_channel)
    tell(1.0)
    return call


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


def _with_channels(call: Call, words: list[list[Word]], speech: Speech, rep_channel: int | None) -> Call:
    """Turns of two who speak on a channel each."""
    confidence = 1.0
    if rep_channel is None:
        rep_channel, confidence = rep_of([_text(channel) for channel in words])
    roles: list[Speaker] = ["rep" if channel == rep_channel else "customer" for channel in range(2)]
    turns: tuple[Turn, ...] = conversation(list(zip(roles, words, strict=True)))
    heard = stretches(list(zip(roles, speech.stretches, strict=True)))
    return replace(call, turns=turns, speech=heard, rep_channel=rep_channel, rep_confidence=confidence)


def _with_voices(call: Call, words: list[Word], found: Diarization) -> Call:
    """Turns of two who share a channel, and of whoever else is heard on it."""
    call = replace(call, channels=1, speakers_confidence=round(found.confidence, 3))
    if found.confidence < SURE_OF_SPEAKERS:
        return replace(call, turns=monologue(words))
    said = given(words, found.heard)
    rep, confidence = rep_of([_text(said[0]), _text(said[1])])
    roles: list[Speaker] = ["customer", "customer", "unknown"]
    roles[rep] = "rep"
    turns = conversation(list(zip(roles, said, strict=True)))
    heard = stretches(list(zip(roles, found.heard, strict=True)))
    return replace(call, turns=turns, speech=heard, rep_confidence=confidence)


def _text(words: list[Word]) -> str:
    return " ".join(word.text for word in words)
