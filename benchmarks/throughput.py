"""How many hours of recordings does a night batch score in an hour, and what does it take? One machine, one run.

    python benchmarks/throughput.py [--hours 2] [--subset 5] [--only NAME]... [--results FILE]

The samples' recordings, and the shared ones where they are there, are repeated until there are HOURS of them. The first
of each is the file as it is; the others begin with near-silence, each longer than the last, and are saved as 16-bit
wav: no two have the same content, so that none is passed over. Measured, one after the other, each in processes of its
own:

coach batch ENGINE, one process        one worker with all cores
coach batch ENGINE, one core           one worker with one thread
coach batch ENGINE, a worker a core    as many workers as cores, with one thread each
faster-whisper bare                    its BatchedInferencePipeline, each channel, int8, eight at a time, greedy and
                                       with word times, as we ask it for them: on the first minutes (SUBSET) alone
faster-whisper bare, its defaults      the same with beam 5 and no word times
whisper command line                   with its defaults and word times, each channel: on the first minutes alone

The bare ones only transcribe; `coach batch` also tells speakers apart, scores, measures delivery and stores. Printed is
a table in Markdown. Start is the time until the models are loaded (not told for the `whisper` command line, whose few
seconds are in its time); what comes after it is what a long night is made of, and what the speeds are for. Core-hours
are processor time (user and system, of all processes, start included). Memory is a worker's: its peak resident set, and
its peak proportional set, in which a page that several processes share is counted in parts. "Between" is the share of
the workers' time, from their first recording to their last, in which they worked on none: finding out what is to be
done, storing, waiting. "Others" is what other processes took of the machine meanwhile: where it is much, times are not
to be trusted, and core-hours only roughly. With --results, rows that are in that file are not measured again, so that a
long run can be done in parts. Linux only.
"""

import json
import os
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import asdict, dataclass
from functools import partial
from itertools import chain, zip_longest
from pathlib import Path

import click
import numpy as np

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from benchmarks.speed import AUDIO, prepare, split, write  # noqa: E402
from coach.audio import RATE, SUFFIXES, blocks, probe  # noqa: E402

CORES = len(os.sched_getaffinity(0))
SHIFT = 0.05  # seconds of near-silence before a recording, more each time it is used
EVERY = 1.0  # seconds between looks at the memory
ENGINES = ("openai-whisper", "faster-whisper")
WAYS = {"one process": (1, CORES), "one core": (1, 1), "a worker a core": (CORES, 1)}
BARE = """
import sys
import time
from faster_whisper import BatchedInferencePipeline, WhisperModel
from coach.audio import blocks
from coach.listen.whisper_base import ctranslate2_files
import numpy as np
model = WhisperModel("base", device="cpu", compute_type="int8", cpu_threads=int(sys.argv[1]), files=ctranslate2_files())
pipeline = BatchedInferencePipeline(model)
options = {} if sys.argv[2] == "defaults" else {"beam_size": 1, "word_timestamps": True}
print("start", flush=True)
for path in sys.argv[3:]:
    for channel in np.concatenate(list(blocks(path)), axis=1):
        for segment in pipeline.transcribe(channel, language="en", batch_size=8, **options)[0]:
            print(segment.text)
"""


@dataclass(frozen=True, slots=True)
class Row:
    """A measurement: hours of `audio`, seconds of `start`, of `wall` time after it and of `cpu` in all, MB, shares."""

    name: str
    audio: float
    start: float
    wall: float
    cpu: float
    resident: float
    proportional: float
    others: float
    between: float | None = None


class Memory(threading.Thread):
    """The peaks, in MB, of the largest process below another, or of that one where none is below."""

    def __init__(self, process: int) -> None:
        super().__init__(daemon=True)
        self._process, self.resident, self.proportional = process, 0.0, 0.0
        self.done = threading.Event()

    def run(self) -> None:
        while not self.done.wait(EVERY):
            for process in _below(self._process) or [self._process]:
                with suppress(OSError, ValueError):  # it has just ended
                    self.resident = max(self.resident, _of(f"/proc/{process}/status", "VmHWM"))
                    self.proportional = max(self.proportional, _of(f"/proc/{process}/smaps_rollup", "Pss"))


def _below(process: int) -> list[int]:
    with suppress(OSError):
        return [int(child) for child in Path(f"/proc/{process}/task/{process}/children").read_text().split()]
    return []


def _of(file: str, name: str) -> float:
    return max(float(size) / 1024 for size in re.findall(rf"^{name}:\s+(\d+) kB", Path(file).read_text(), re.MULTILINE))


def recordings(folder: Path, hours: float) -> list[Path]:
    """Recordings of so many hours, each with another content."""
    samples, shared = (
        [p for p in sorted(at.glob("*")) if p.suffix in SUFFIXES] for at in (ROOT / "samples" / "calls", AUDIO)
    )
    sources = [path for path in chain(*zip_longest(samples, shared)) if path]
    lengths = {path: probe(path).duration for path in sources}
    made: list[Path] = []
    total, turn = 0.0, 0
    while total < hours * 3600:
        path = sources[turn % len(sources)]
        made.append(_again(path, folder / f"{turn:04d}-{path.name}", turn // len(sources)))
        total, turn = total + lengths[path], turn + 1
    print(
        f"{len(made)} recordings, {total / 3600:.2f} hours, from {len(sources)}; {CORES} cores ({_processor()})", end=""
    )
    print("" if shared else "; the shared recordings are not here", end="\n\n", flush=True)
    return made


def _again(path: Path, to: Path, time: int) -> Path:
    if not time:
        return Path(shutil.copy(path, to))
    sound = np.concatenate(list(blocks(path)), axis=1)
    hush = np.random.default_rng(0).normal(0, 1e-4, (len(sound), round(time * SHIFT * RATE)))
    return write(to.with_suffix(".wav"), np.concatenate([hush, sound], axis=1))


def _processor() -> str:
    named = re.search(r"model name\s*: (.*)", Path("/proc/cpuinfo").read_text())
    return named[1] if named else "unknown"


def batch(name: str, files: list[Path], engine: str, workers: int, threads: int, folder: Path) -> Row:
    """One run of `coach batch` over the files."""
    listed = folder / "calls.csv"
    listed.write_text("recording\n" + "\n".join(map(str, files)) + "\n")
    database = f"sqlite:///{tempfile.mkdtemp(dir=folder)}/coach.db"
    options = ["--db", database, "--workers", str(workers), "--engine", engine, "--log-format", "json"]
    command = [sys.executable, "-m", "coach", "batch", str(listed), *options]
    (begin, end, cpu, others), memory, lines = _run(command, threads)
    found = [(at, json.loads(line)) for at, line in lines if line.startswith("{")]
    spans = [
        (at - event.get("took", 0.0), at, event) for at, event in found if event["event"] in ("scored", "not scored")
    ]
    for _, event in found:
        if event["event"] in ("failed", "waiting", "already there", "warning"):
            print(json.dumps(event), file=sys.stderr)
    if len(spans) < 0.9 * len(files):
        raise click.ClickException(f"{name}: {len(spans)} of {len(files)} were done")
    starts, ends = sorted(start for start, _, _ in spans)[:workers], sorted(end for _, end, _ in spans)[-workers:]
    worked = sum(end - start for start, end, _ in spans)
    return Row(
        name,
        sum(event["audio"] for _, _, event in spans) / 3600,
        statistics.mean(starts) - begin,
        end - statistics.mean(starts),
        cpu,
        memory.resident,
        memory.proportional,
        others,
        1 - worked / (sum(ends) - sum(starts)),
    )


def bare(name: str, files: list[Path], how: str) -> Row:
    command = [sys.executable, "-c", BARE, str(CORES), how, *map(str, files)]
    (begin, end, cpu, others), memory, lines = _run(command, CORES)
    return _plain(name, files, begin, lines[0][0], end, cpu, memory, others)


def whisper(name: str, files: list[Path], folder: Path) -> Row:
    channels = [str(channel) for path in files for channel in split(path, folder)]
    options = ["--model", str(folder / "base.pt"), "--word_timestamps", "True", "--verbose", "False"]
    shape = ["--output_format", "json", "--output_dir", str(folder)]
    (begin, end, cpu, others), memory, _ = _run([sys.executable, "-m", "whisper", *channels, *options, *shape], CORES)
    return _plain(name, files, begin, begin, end, cpu, memory, others)


def _plain(
    name: str, files: list[Path], begin: float, loaded: float, end: float, cpu: float, memory: Memory, others: float
) -> Row:
    hours = sum(probe(path).duration for path in files) / 3600
    return Row(name, hours, loaded - begin, end - loaded, cpu, memory.resident, memory.proportional, others)


def _run(command: list[str], threads: int) -> tuple[tuple[float, ...], Memory, list[tuple[float, str]]]:
    """When a command began and ended, its processor time, what others took of the machine; memory; its lines."""
    begin, busy = time.monotonic(), _busy()
    environment = os.environ | {"OMP_NUM_THREADS": str(threads), "PYTHONPATH": str(ROOT)}
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=environment)
    memory = Memory(process.pid)
    memory.start()
    lines = [(time.monotonic(), line) for line in process.stdout or ()]
    _, status, usage = os.wait4(process.pid, 0)
    memory.done.set()
    if os.waitstatus_to_exitcode(status) > 1:  # 1: some recordings cannot be scored
        raise click.ClickException(f"{' '.join(command[:8])} failed:\n" + "".join(line for _, line in lines[-5:]))
    end, cpu = time.monotonic(), usage.ru_utime + usage.ru_stime
    others = max(0.0, _busy() - busy - cpu) / (end - begin) / (os.cpu_count() or 1)
    return (begin, end, cpu, others), memory, lines


def _busy() -> float:
    """Seconds of processor time that all processes of the machine have taken."""
    user, nice, system, _, _, *rest = map(int, Path("/proc/stat").read_text().splitlines()[0].split()[1:9])
    return (user + nice + system + sum(rest)) / os.sysconf("SC_CLK_TCK")


def measurements(files: list[Path], subset: list[Path], folder: Path) -> Iterator[tuple[str, Callable[[], Row]]]:
    """Each row's name, and what measures it."""
    for engine in ENGINES:
        for way, (workers, threads) in WAYS.items():
            name = f"coach batch {engine}, {way}"
            yield name, partial(batch, name, files, engine, workers, threads, folder)
    for name, how in (("faster-whisper bare", "ours"), ("faster-whisper bare, its defaults", "defaults")):
        yield name, partial(bare, name, subset, how)
    yield "whisper command line", partial(whisper, "whisper command line", subset, folder)


def table(rows: list[Row]) -> None:
    speeds = "hours of audio an hour | an hour of a core | of one process"
    print(f"| | hours of audio | start, s | {speeds} | MB resident | MB proportional | between | others |")
    print("| --- " * 10 + "|")
    first = {
        engine: next((row for row in rows if row.name == f"coach batch {engine}, one process"), None)
        for engine in ENGINES
    }
    for row in rows:
        speed, base = row.audio * 3600 / row.wall, next((first[e] for e in ENGINES if f" {e}," in row.name), None)
        ratio = f"{speed * base.wall / base.audio / 3600:.2f}" if base else ""
        figures = f"{row.audio:.2f} | {row.start:.0f} | {speed:.1f} | {row.audio * 3600 / row.cpu:.1f} | {ratio}"
        between = "" if row.between is None else f"{row.between:.1%}"
        print(
            f"| {row.name} | {figures} | {row.resident:.0f} | {row.proportional:.0f} | {between} | {row.others:.0%} |"
        )


@click.command(help=__doc__)
@click.option("--hours", default=2.0, show_default=True, help="Of audio for `coach batch`.")
@click.option("--subset", default=5.0, show_default=True, help="Minutes of audio for the others.")
@click.option("--only", multiple=True, help="Rows whose name holds this.")
@click.option("--results", type=click.Path(path_type=Path), help="Where rows are kept, and found again.")
def main(hours: float, subset: float, only: tuple[str, ...], results: Path | None):
    rows = (
        [Row(**json.loads(line)) for line in results.read_text().splitlines()] if results and results.exists() else []
    )
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        files = recordings(folder, hours)
        prepare(folder)
        for what, measure in measurements(files, _first(files, subset * 60), folder):
            if what in {row.name for row in rows} or (only and not any(part in what for part in only)):
                continue
            print(f"{time.strftime('%H:%M:%S')} {what}", file=sys.stderr, flush=True)
            rows.append(measure())
            if results:
                with results.open("a") as file:
                    file.write(json.dumps(asdict(rows[-1])) + "\n")
    table(rows)


def _first(files: list[Path], seconds: float) -> list[Path]:
    """The first recordings, of so many seconds or a little more."""
    lengths = np.cumsum([0.0, *(probe(path).duration for path in files)])
    return files[: int(np.searchsorted(lengths, seconds))]


if __name__ == "__main__":
    main()
