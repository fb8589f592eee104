"""A reviewer without models, for the tests of what a batch survives: it reads a wav and is quick about it.

What a recording is called decides what befalls it.
"""

import os
import signal
import time
import wave
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from coach.calls import Call, InputError, Moment, Rating, Review, Score, Turn


def stumble(path: Path) -> None:
    raise ValueError("a list of nothing")


def refuse(path: Path) -> None:
    raise InputError(f"{path}: this is not a recording; save it again")


def want_memory(path: Path) -> None:
    raise MemoryError


def vanish(path: Path) -> None:
    path.unlink()
    raise InputError(f"{path}: there is no such file")


def grow(path: Path) -> None:
    with path.open("ab") as file:
        file.write(b"more")


def crash_once(path: Path) -> None:
    been = path.with_suffix(".been")
    if not been.exists():
        been.touch()
        os.kill(os.getpid(), signal.SIGSEGV)


FATES: dict[str, Callable[[Path], object]] = {
    "crash": lambda path: os.kill(os.getpid(), signal.SIGSEGV),
    "killed": lambda path: os.kill(os.getpid(), signal.SIGKILL),
    "hang": lambda path: time.sleep(60),
    "memory": want_memory,
    "stumble": stumble,
    "refuse": refuse,
    "vanish": vanish,
    "grow": grow,
    "once": crash_once,
}


@dataclass(frozen=True)
class Light:
    """`log` gets a line a recording that it begins, and one for each process that loads it."""

    log: Path
    takes: float = 0.01
    version: str = "1"

    @property
    def versions(self) -> dict[str, str]:
        return {"light": self.version}

    def load(self) -> None:
        self._note(f"process {os.getpid()}")
        if self.version == "broken":
            raise InputError("light: no weights; install some")

    def length(self, recording: str) -> float | None:
        with wave.open(recording) as file:
            return file.getnframes() / file.getframerate()

    def review(self, recording: str, rep_channel: int | None = None) -> Review:
        path = Path(recording)
        self._note(f"review {path.name}")
        time.sleep(self.takes)
        FATES.get(path.stem.partition("-")[0], lambda path: None)(path)
        return review_of(path)

    def _note(self, line: str) -> None:
        with self.log.open("a") as file:
            file.write(line + "\n")


def review_of(path: Path) -> Review:
    """What there is to say of a wav: many moments, so that half a review would show."""
    with wave.open(str(path)) as file:
        sound = file.readframes(file.getnframes())
        duration = len(sound) / file.getsampwidth() / file.getframerate()
    said = f"The sum is {''.join(chr(97 + int(digit)) for digit in str(zlib.crc32(sound)))}."
    turns = (Turn("customer", "What is the sum?", 0.0, 0.1), Turn("rep", said, 0.1, 0.2))
    scores = {axis: Score(1.5, 0.8, 0.4) for axis in ("condescension", "impatience", "empathy")}
    moments = tuple(
        Moment(1, "empathy", ("thanks",), "strength", 0.1, 0.2, said, f"why {n}", f"tip {n}") for n in range(5)
    )
    return Review(Call(path.stem, turns, recording=str(path), duration=duration), (None, Rating(scores)), moments)


def record(folder: Path, *names: str, seconds: float = 0.25) -> list[Path]:
    """Tiny recordings that were finished an hour ago, each with its own sound."""
    folder.mkdir(parents=True, exist_ok=True)
    paths = [folder / f"{name}.wav" for name in names]
    for path in paths:
        with wave.open(str(path), "wb") as file:
            file.setparams((1, 2, 8000, 0, "NONE", None))
            file.writeframes(zlib.crc32(path.name.encode()).to_bytes(4, "big") * int(4000 * seconds))
        settle(path)
    return paths


def settle(path: Path) -> None:
    """As if the file had been finished an hour ago."""
    os.utime(path, (time.time() - 3600, time.time() - 3600))
