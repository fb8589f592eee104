"""One call through the whole house: the library's front door."""

from collections.abc import Callable
from dataclasses import replace
from functools import cached_property
from pathlib import Path

from coach import __version__, moments
from coach.audio import length
from coach.calls import AXES, Call, Rating, Review
from coach.delivery import measure
from coach.listen import Engine, listen, load_engine
from coach.redact import redact
from coach.tone.model import FOLDERS, ToneModel
from coach.tone.thresholds import read_thresholds

SURE_OF_REP = 0.7


class Reviewer:
    """Listens to recordings and rates calls; the models are loaded when they are first needed.

    Parameters
    ----------
    engine : "openai-whisper" or "faster-whisper"
    model : str, optional
        Path or name of other Whisper weights than the `base` that comes along.
    tone : "best" or "fast"
        The fast tone model reads about twice as many calls in the same time, and is right less often.
    delivery : bool
        Whether to measure how it was spoken. Scores, and the moments that the words give, are the same without.
    thresholds : Path, optional
        A file of `coach feedback calibrate`, in place of the thresholds from which the model shows a moment.
    """

    def __init__(
        self,
        engine: str = "openai-whisper",
        model: str | None = None,
        tone: str = "best",
        delivery: bool = True,
        thresholds: Path | None = None,
    ):
        self._engine_name, self._whisper, self._tone_name, self._delivery = engine, model, tone, delivery
        self._thresholds = read_thresholds(thresholds) if thresholds else None

    @cached_property
    def engine(self) -> Engine:
        return load_engine(self._engine_name, self._whisper)

    @cached_property
    def tone(self) -> ToneModel:
        model = ToneModel.load(FOLDERS[self._tone_name])
        return model.with_thresholds(self._thresholds) if self._thresholds else model

    @property
    def versions(self) -> dict[str, str]:
        """What transcribes and scores, for the record."""
        whisper = self._whisper or "base"
        named = {"coach": __version__, "engine": self._engine_name, "whisper": whisper, "tone": self._tone_name}
        own = "/".join(f"{self._thresholds[axis]:g}" for axis in AXES) if self._thresholds else ""
        return named | ({"thresholds": own} if own else {})

    def load(self) -> None:
        """Load the models now, so that what is missing is said before the first recording."""
        _ = self.engine, self.tone

    def length(self, recording: str | Path) -> float | None:
        """Seconds that a recording says it holds: see `coach.audio.length`."""
        return length(recording)

    def review(
        self,
        recording: str | Path,
        rep_channel: int | None = None,
        progress: Callable[[float], None] | None = None,
    ) -> Review:
        """Transcribe one recording, leave out personal numbers, rate what is said and pick the moments.

        Parameters
        ----------
        recording : path of anything PyAV decodes, one or two channels, 1 s to 3 h
        rep_channel : 0 or 1 where it is known; otherwise decided from what is said
        progress : called with the fraction done, 0-1

        Raises
        ------
        InputError
            Where the recording cannot be used. Calls that are heard but cannot be rated say so in `not_scored`.
        """
        heard = listen(recording, self.engine, rep_channel=rep_channel, progress=progress)
        return self.rate(redact(heard), recording)

    def rate(self, call: Call, recording: str | Path | None = None) -> Review:
        """Rate a call that is already transcribed, measure its delivery, and pick its moments.

        `recording` is the call's sound: without it nothing is said of the voice.
        """
        call = call if self._delivery else replace(call, speech=())
        reason = why_not_scored(call)
        if reason:
            nothing = Rating(scores=None, not_scored=reason)
            return Review(call, tuple(nothing if t.speaker == "rep" else None for t in call.turns), (), reason)
        ratings = self.tone.rate(call)
        deliveries, timing = measure(call, recording) if self._delivery else ((), None)
        found = moments.find(call, ratings, self.tone.thresholds, timing)
        return Review(call, ratings, found, delivery=deliveries, timing=timing)


def why_not_scored(call: Call) -> str | None:
    """The reason why nobody should rate this call, or None."""
    speakers = {turn.speaker for turn in call.turns}
    if call.language not in (None, "en"):
        return f"it seems to be in {language_name(call.language)}, and only English is scored"
    if not call.turns:
        return "no speech was found in it"
    if speakers == {"unknown"} and call.speakers_confidence is not None:
        return "all that is said is on one channel, and it is unclear who speaks when"
    if speakers == {"unknown"}:
        where = "the transcript does not say who speaks" if call.channels is None else "only one channel carries speech"
        return f"{where}, and speakers cannot be told apart"
    if call.rep_confidence is not None and call.rep_confidence < SURE_OF_REP:
        where = "" if call.rep_channel is None else "--rep-channel, or "
        return f"it is unclear which speaker is the rep; say which ({where}on the call's page)"
    if "rep" not in speakers:
        return "the rep says nothing in it"
    return None


def language_name(code: str) -> str:
    from whisper.tokenizer import LANGUAGES  # imports torch, which most calls to this module's users do not need

    return LANGUAGES.get(code, code).capitalize()
