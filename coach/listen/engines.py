"""What a transcriber is to the rest of the house, and how one is chosen."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from importlib import import_module
from typing import Protocol

import numpy as np

from coach.calls import InputError, Word

WINDOW = 30.0  # seconds: what Whisper hears at a time
LOOPS, UNSURE, SILENT = 2.4, -1.0, 0.6  # Whisper's own thresholds, as `whisper.transcribe` uses them
LANGUAGE_WINDOWS = 4  # enough to tell the language
FOREIGN = 0.5  # on a bad line Whisper guesses at rare languages: only a sure one is believed
NAMES = {"openai-whisper": "OpenAIWhisper", "faster-whisper": "FasterWhisper"}


@dataclass(frozen=True, slots=True)
class Heard:
    """The words of each window, times counted from its start; none at all where the language is not English."""

    language: str
    words: list[list[Word]]


class Engine(Protocol):
    """A transcriber of English."""

    name: str

    def transcribe(self, windows: Sequence[np.ndarray], language: str | None = None) -> Heard:
        """Words of windows of at most 30 s (float32, 16 kHz); the language is detected where it isn't given."""
        ...


def load_engine(name: str = "openai-whisper", model: str | None = None) -> Engine:
    """The transcriber called `name`, with Whisper base as it is installed, or with another `model`.

    Parameters
    ----------
    model
        A path (an openai-whisper .pt file; a CTranslate2 folder for faster-whisper) or the name of one of Whisper's
        models, which is then downloaded.

    Raises
    ------
    InputError
        Where the engine isn't installed, or the model isn't there or is damaged.
    """
    if name not in NAMES:
        raise InputError(f"{name}: there is no such engine; choose one of {', '.join(NAMES)}")
    module = name.replace("-", "_")
    try:
        return getattr(import_module(f"coach.listen.{module}"), NAMES[name])(model)
    except ModuleNotFoundError as error:
        raise InputError(f"{name} is not installed: pip install {name}") from error


def likely_language(windows: Sequence[dict[str, float]]) -> str:
    """The language of a call, from each window's probabilities by code."""
    mean = {code: float(np.mean([window[code] for window in windows])) for code in windows[0]}
    best = max(mean, key=mean.__getitem__)
    return best if mean[best] > FOREIGN else "en"


def whole_words(parts: Sequence[Word]) -> list[Word]:
    """Glue what Whisper cuts apart: only a leading blank begins a new word.

    "10" + ",000", "twenty" + "-five", "(" + "so" are one word each. Marks carry no sound: they add their text,
    never their time or probability.
    """
    words: list[Word] = []
    for part in parts:
        glue = words and (not part.text.startswith(" ") or not _spoken(words[-1].text))
        if glue:
            words[-1] = _glued(words[-1], part)
        else:
            words.append(part)
    return [replace(word, text=word.text.strip()) for word in words if _spoken(word.text)]


def _spoken(text: str) -> bool:
    return re.search(r"\w", text) is not None


def _glued(first: Word, second: Word) -> Word:
    text = first.text + (second.text if _spoken(first.text) else second.text.lstrip())
    if not _spoken(second.text):
        return replace(first, text=text)
    if not _spoken(first.text):
        return replace(second, text=text)
    return Word(text, first.start, second.end, (first.probability + second.probability) / 2)
