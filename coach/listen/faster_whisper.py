"""faster-whisper: the same weights in int8, its batched pipeline over our own windows."""

from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np
from faster_whisper import BatchedInferencePipeline, WhisperModel
from faster_whisper.transcribe import Segment

from coach.audio import RATE
from coach.calls import InputError, Word
from coach.listen.engines import LOOPS, SILENT, UNSURE, WINDOW, Heard, likely_language, whole_words
from coach.listen.whisper_base import ctranslate2_files
from coach.weights import device

SLOT = int(WINDOW * RATE)


class FasterWhisper:
    name = "faster-whisper"

    def __init__(self, model: str | None = None) -> None:
        self.model = _load(model)
        self.batched = BatchedInferencePipeline(self.model)

    def transcribe(self, windows: Sequence[np.ndarray], language: str | None = None) -> Heard:
        language = language or self._language(windows)
        if language != "en":
            return Heard(language, [[] for _ in windows])
        heard = self._batch(windows)
        words = [
            self._again(window) if any(map(_failed, segments)) else _words(segments, slot * WINDOW)
            for slot, (window, segments) in enumerate(zip(windows, heard, strict=True))
        ]
        return Heard(language, words)

    def _language(self, windows: Sequence[np.ndarray]) -> str:
        if not self.model.model.is_multilingual:
            return "en"
        fullest = max(windows, key=len)  # one has to do: the pipeline encodes each again
        return likely_language([dict(self.model.detect_language(fullest)[2])])

    def _batch(self, windows: Sequence[np.ndarray]) -> list[list[Segment]]:
        """Each window in a 30-s slot of its own: a segment's time tells its window."""
        sound = np.concatenate([np.pad(window, (0, SLOT - len(window))) for window in windows])
        clips = [{"start": slot * WINDOW, "end": slot * WINDOW + len(w) / RATE} for slot, w in enumerate(windows)]
        segments, _ = self.batched.transcribe(
            sound, language="en", clip_timestamps=clips, word_timestamps=True, beam_size=1, batch_size=len(windows)
        )
        heard: list[list[Segment]] = [[] for _ in windows]
        for segment in segments:
            heard[int(segment.seek / (WINDOW * self.model.frames_per_second))].append(segment)
        return heard

    def _again(self, window: np.ndarray) -> list[Word]:
        """The pipeline has no safety net: its plain `transcribe` decodes again at rising temperature."""
        segments, _ = self.model.transcribe(
            window, language="en", word_timestamps=True, beam_size=1, condition_on_previous_text=False
        )
        return _words([segment for segment in segments if not _failed(segment)], 0.0)


def _failed(segment: Segment) -> bool:
    return segment.compression_ratio > LOOPS or segment.avg_logprob < UNSURE


def _words(segments: Iterable[Segment], offset: float) -> list[Word]:
    return whole_words(
        [
            Word(word.word, float(word.start) - offset, float(word.end) - offset, float(word.probability))
            for segment in segments
            if not (segment.no_speech_prob > SILENT and segment.avg_logprob < UNSURE)
            for word in segment.words or ()
        ]
    )


def _load(model: str | None) -> WhisperModel:
    if model is None:
        return WhisperModel("whisper-base", device=device(), compute_type="int8", files=ctranslate2_files())
    if Path(model).exists() and not (Path(model) / "model.bin").is_file():
        raise InputError(f"{model}: faster-whisper needs a folder with CTranslate2's model.bin")
    try:
        return WhisperModel(model, device=device(), compute_type="int8")
    except (OSError, RuntimeError, ValueError) as error:
        raise InputError(f"{model}: this model could not be loaded or downloaded ({error})") from error
