"""How fast is listening, and how right? One recording, one machine, one run.

    python benchmarks/speed.py [RECORDING] [--seconds N] [--reference AUDIO TEXT] [--skip NAME]

Measured, each in a fresh process and each with word times:

whisper        the `whisper` command line with its defaults (beam 5, temperature fallback), model base, once a channel
openai-whisper our engine on openai-whisper
faster-whisper our engine on faster-whisper
coach score    the whole command: decoding, listening, roles, tone, moments

Printed is a table in Markdown: real-time factor (seconds of work for a second of recording, all its channels), how
many times faster than the `whisper` command line, peak memory, and, where a REFERENCE is there, the word error rate
on it (Whisper's English normaliser). Weights are converted and the disk is warm before the clock starts; the time to
start a process and to load a model is counted for all alike. The `whisper` command line wants an `ffmpeg` program:
where there is none, a small script that decodes with PyAV stands in for it.
"""

import json
import os
import sys
import tempfile
import time
import wave
from pathlib import Path

import click
import numpy as np

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from coach.audio import RATE, blocks, probe  # noqa: E402

AUDIO = ROOT.parent / "shared" / "audio"
SHIM = """#!{python}
# Stands in for `ffmpeg -i FILE ... -f s16le -ac 1 -ar 16000 -`, which is all that whisper asks of it.
import sys
sys.path.insert(0, "{root}")
from coach.audio import blocks
for block in blocks(sys.argv[sys.argv.index("-i") + 1]):
    sys.stdout.buffer.write((block.mean(axis=0).clip(-1, 1) * 32767).astype("<i2").tobytes())
"""
LISTEN = """
import sys
from coach.listen import listen, load_engine
call = listen(sys.argv[2], load_engine(sys.argv[1]), rep_channel=0)
print(" ".join(turn.text for turn in call.turns))
"""
# in a process of its own: a child's peak memory is never below that of the parent that starts it
PREPARE = """
import sys
import torch
from coach.listen import load_engine
load_engine("faster-whisper")
model = load_engine("openai-whisper").model
state = {key: tensor.half() for key, tensor in model.state_dict().items()}
torch.save({"dims": vars(model.dims), "model_state_dict": state}, sys.argv[1])
"""


def measure(command: list[str], log: Path) -> tuple[float, float]:
    """Seconds and peak MiB of a command in a fresh process."""
    start = time.perf_counter()
    process = os.posix_spawn(
        command[0],
        command,
        os.environ,
        file_actions=[(os.POSIX_SPAWN_OPEN, 1, str(log), os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)],
    )
    _, status, usage = os.wait4(process, 0)
    if status:
        raise click.ClickException(f"{' '.join(command)} failed")
    return time.perf_counter() - start, usage.ru_maxrss / 1024


def commands(kind: str, recording: Path, folder: Path) -> list[list[str]]:
    python = sys.executable
    if kind == "whisper":
        options = ["--model", str(folder / "base.pt"), "--word_timestamps", "True", "--verbose", "False"]
        channels = split(recording, folder)
        shape = ["--output_format", "json", "--output_dir", str(folder)]
        return [[python, "-m", "whisper", str(channel), *options, *shape] for channel in channels]
    if kind == "coach score":
        return [[python, "-m", "coach", "score", str(recording), "--format", "json"]]
    return [[python, "-c", LISTEN, kind, str(recording)]]


def split(recording: Path, folder: Path) -> list[Path]:
    """Each channel by itself, as one would hand it to whisper."""
    sound = np.concatenate(list(blocks(recording)), axis=1)[: probe(recording).channels]
    return [write(folder / f"{recording.stem}-{i}.wav", channel[None]) for i, channel in enumerate(sound)]


def write(path: Path, sound: np.ndarray) -> Path:
    with wave.open(str(path), "wb") as wav:
        wav.setnchannels(len(sound))
        wav.setsampwidth(2)
        wav.setframerate(RATE)
        wav.writeframes((sound.T.clip(-1, 1) * 32767).astype("<i2").tobytes())
    return path


def run(kind: str, recording: Path, folder: Path) -> tuple[float, float]:
    figures = [measure(command, folder / f"{kind}.txt") for command in commands(kind, recording, folder)]
    return sum(seconds for seconds, _ in figures), max(memory for _, memory in figures)


def error_rate(kind: str, audio: Path, text: Path, folder: Path) -> float:
    import jiwer
    from whisper.normalizers import EnglishTextNormalizer

    run(kind, audio, folder)
    said = folder / f"{kind}.txt"
    heard = json.loads((folder / f"{audio.stem}-0.json").read_text())["text"] if kind == "whisper" else said.read_text()
    normal = EnglishTextNormalizer()
    return jiwer.wer(normal(text.read_text()), normal(heard))


def prepare(folder: Path) -> None:
    """Whisper's checkpoint for its command line, an ffmpeg for it, and both engines' weights in the disk's cache."""
    shim = folder / "ffmpeg"
    shim.write_text(SHIM.format(python=sys.executable, root=ROOT))
    shim.chmod(0o700)
    os.environ["PATH"] = f"{folder}{os.pathsep}{os.environ['PATH']}"
    os.environ["PYTHONPATH"] = str(ROOT)
    measure([sys.executable, "-c", PREPARE, str(folder / "base.pt")], folder / "prepare.txt")


KINDS = ("whisper", "openai-whisper", "faster-whisper", "coach score")


@click.command(help=__doc__)
@click.argument("recording", type=click.Path(exists=True, path_type=Path), required=False)
@click.option("--seconds", type=float, help="Only so much of the recording.")
@click.option("--reference", nargs=2, type=click.Path(exists=True, path_type=Path), help="Audio and its exact text.")
@click.option("--skip", multiple=True, type=click.Choice(KINDS), help="Leave one out.")
def main(recording: Path | None, seconds: float | None, reference: tuple[Path, Path] | None, skip: tuple[str, ...]):
    usual = AUDIO / "repair_shop_49.flac"
    recording = recording or (usual if usual.exists() else next((ROOT / "samples" / "calls").glob("*.wav")))
    if not reference and AUDIO.exists() and not seconds:
        reference = AUDIO / "read_speech_phone.flac", AUDIO / "read_speech_phone.txt"
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        prepare(folder)
        if seconds:
            sound = np.concatenate(list(blocks(recording)), axis=1)[:, : round(seconds * RATE)]
            recording = write(folder / recording.with_suffix(".wav").name, sound)
        table([kind for kind in KINDS if kind not in skip], recording, reference, folder)


def table(kinds: list[str], recording: Path, reference: tuple[Path, Path] | None, folder: Path) -> None:
    found = probe(recording)
    print(f"{recording.name}: {found.duration:.0f} s, {found.channels} channels; {os.cpu_count()} processors\n")
    print("| | seconds | real-time factor | times faster | peak MB | word error rate |")
    print("| --- | --- | --- | --- | --- | --- |")
    baseline = None
    for kind in kinds:
        taken, memory = run(kind, recording, folder)
        baseline = taken if kind == "whisper" else baseline
        faster = f"{baseline / taken:.1f}" if baseline else ""
        wrong = f"{error_rate(kind, *reference, folder):.1%}" if reference and kind != "coach score" else ""
        factor = f"{taken / found.duration:.3f}"
        print(f"| {kind} | {taken:.1f} | {factor} | {faster} | {memory:.0f} | {wrong} |", flush=True)


if __name__ == "__main__":
    main()
