"""Where does the time of a recording go? Processor time of each step, with one thread.

    python benchmarks/stages.py [--engine faster-whisper] [RECORDING]...

Without a RECORDING, over those of the samples and the shared ones. Each step counts without the steps in it; models are
loaded before, and one recording is heard to warm up.
"""

import sys
import time
from collections import defaultdict
from collections.abc import Callable
from itertools import chain
from pathlib import Path
from types import ModuleType
from typing import Any

import click

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

import torch  # noqa: E402

from coach import listen, moments, review  # noqa: E402
from coach.audio import SUFFIXES  # noqa: E402
from coach.tone.model import ToneModel  # noqa: E402

FOLDERS = (ROOT / "samples" / "calls", ROOT.parent / "shared" / "audio")
STEPS: tuple[tuple[ModuleType | type, str, str], ...] = (
    (listen, "probe", "decode"),
    (listen, "find_speech", "find speech, decoded once more"),
    (listen, "diarize", "tell voices apart, decoded once more"),
    (ToneModel, "rate", "score"),
    (review, "measure", "measure delivery, decoded once more"),
    (review, "redact", "redact"),
    (moments, "find", "find moments"),
    (review, "listen", "cut windows, decoded once more; turns, roles"),
)


class Clock:
    """Processor seconds by step."""

    def __init__(self) -> None:
        self.spent: defaultdict[str, float] = defaultdict(float)
        self._within = [0.0]

    def times(self, owner: Any, name: str, step: str) -> None:
        """Time each call of a function, wherever its owner's users look it up."""
        setattr(owner, name, self._timed(getattr(owner, name), step))

    def _timed(self, function: Callable, step: str) -> Callable:
        def timed(*arguments: Any, **more: Any) -> Any:
            since = time.process_time()
            self._within.append(0.0)
            try:
                return function(*arguments, **more)
            finally:
                took = time.process_time() - since
                self.spent[step] += took - self._within.pop()
                self._within[-1] += took

        return timed


@click.command(help=__doc__)
@click.argument("recordings", nargs=-1, type=click.Path(exists=True, path_type=Path))
@click.option("--engine", default="openai-whisper", show_default=True)
def main(recordings: tuple[Path, ...], engine: str):
    torch.set_num_threads(1)
    found = chain.from_iterable(sorted(folder.glob("*")) for folder in FOLDERS)
    files = recordings or tuple(path for path in found if path.suffix in SUFFIXES)
    reviewer, clock = review.Reviewer(engine), Clock()
    reviewer.load()
    reviewer.review(files[0])
    clock.times(type(reviewer.engine), "transcribe", "transcribe")
    for owner, name, step in STEPS:
        clock.times(owner, name, step)
    begin = time.process_time()
    heard = sum(reviewer.review(path).call.duration or 0.0 for path in files)
    total = time.process_time() - begin
    clock.spent["the rest"] = total - sum(clock.spent.values())
    print(f"{engine}: {heard / 3600:.2f} hours of audio, {total:.0f} s of processor time\n")
    print("| step | share | hours of audio an hour of a core |\n| --- | --- | --- |")
    for step, spent in sorted(clock.spent.items(), key=lambda step: -step[1]):
        print(f"| {step} | {spent / total:.1%} | {heard / max(spent, 0.01):.0f} |")


if __name__ == "__main__":
    main()
