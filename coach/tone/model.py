"""The tone model: rates what a rep says in context, and shows the words that carry each score."""

import json
from dataclasses import dataclass, replace
from pathlib import Path

from coach.calls import AXES, Axis, Call, InputError, Rating, Score
from coach.tone import evidence
from coach.tone.heads import Heads
from coach.tone.llama import smollm2
from coach.tone.reader import Passage, Reader, Reading
from coach.weights import MODELS, verified

FOLDERS = {"best": MODELS / "tone", "fast": MODELS / "tone-fast"}
MOSTLY_UNCLEAR = 0.5  # a turn with a larger share of unclear words is not scored


@dataclass(frozen=True, slots=True)
class ToneModel:
    """Rates the rep's turns of a call on condescension, impatience and empathy, as the rubric defines them.

    `thresholds` are the probabilities (`Score.probability`, 0-1) from which a turn is worth showing as a moment; from
    `unsure_from` up to there the model does not know.
    """

    reader: Reader
    heads: Heads
    thresholds: dict[Axis, float]
    unsure_from: dict[Axis, float]

    @classmethod
    def load(cls, folder: Path = FOLDERS["best"]) -> "ToneModel":
        """Load the heads from `folder` and the language model from the cache, each checked by its SHA-256.

        Raises
        ------
        InputError
            Where a weight file is missing, damaged or altered.
        """
        files = _checked(folder)
        config = json.loads(files["config.json"].read_text())
        reader = Reader(smollm2(tuple(config["base"]["heard"])))
        thresholds, unsure = ({axis: config[name][axis] for axis in AXES} for name in ("thresholds", "unsure_from"))
        return cls(reader, Heads.load(files["heads.safetensors"]), thresholds, unsure)

    def with_thresholds(self, thresholds: dict[Axis, float]) -> "ToneModel":
        """The same model that shows moments from other probabilities on; "not sure" ends there at the latest."""
        unsure = {axis: min(self.unsure_from[axis], thresholds[axis]) for axis in AXES}
        return replace(self, thresholds=thresholds, unsure_from=unsure)

    def rate(self, call: Call) -> tuple[Rating | None, ...]:
        """Rate each rep turn by what was said up to its end; None for every other turn."""
        ratings: list[Rating | None] = [None] * len(call.turns)
        for reading in self.reader.read(call):
            ratings[reading.turn] = self.rating(reading)
        return tuple(ratings)

    def rating(self, reading: Reading) -> Rating:
        """Rate one turn that was read."""
        if reason := _not_scored(reading.passage):
            return Rating(None, (), reason)
        scores = self.heads.scores(reading.features[None])[0]
        found = evidence.find(self.reader, self.heads, reading, scores)
        return Rating({axis: replace(score, unsure=self._unsure(axis, score)) for axis, score in scores.items()}, found)

    def _unsure(self, axis: Axis, score: Score) -> bool:
        return self.unsure_from[axis] <= score.probability < self.thresholds[axis]


def _not_scored(passage: Passage) -> str | None:
    if not any(character.isalnum() for character in passage.text):
        return "there are no words in this turn"
    if passage.unclear > MOSTLY_UNCLEAR or not passage.words:
        return "most of these words could not be made out"
    return None


def _checked(folder: Path) -> dict[str, Path]:
    """The model's files, by name, as listed with their checksums in SHA256SUMS."""
    sums = folder / "SHA256SUMS"
    if not sums.is_file():
        raise InputError(f"{folder}: no tone model is here (SHA256SUMS is missing); restore it, or run coach train")
    lines = (line.split(maxsplit=1) for line in sums.read_text().splitlines())
    return {name: verified(sha256, folder / name) for sha256, name in lines}
