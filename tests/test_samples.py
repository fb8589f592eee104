import csv
import json
import re
import tomllib
from datetime import datetime
from functools import cache
from itertools import groupby
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
import webvtt

from coach.as_json import call_from_dict

SAMPLES = Path(__file__).parents[1] / "samples"
SCRIPTS = {
    script["file"]: script
    for script in (tomllib.loads(path.read_text("utf-8")) for path in sorted((SAMPLES / "scripts").glob("*.toml")))
}
CODECS = {".wav": "pcm_mulaw", ".mp3": "mp3", ".ogg": "opus", ".flac": "flac"}
FRAME = 0.02
AUDIBLE_DB = -45.0
each_call = pytest.mark.parametrize("name", SCRIPTS)


@cache
def speaking(name: str) -> np.ndarray:
    """Whether each channel is heard, in frames of 20 ms: shape (2, frames)."""
    resampler = av.AudioResampler(format="fltp", rate=8000)
    with av.open(str(SAMPLES / "calls" / name)) as container:
        frames = [*container.decode(audio=0), None]
        sound = np.concatenate([part.to_ndarray() for frame in frames for part in resampler.resample(frame)], axis=1)
    size = round(FRAME * 8000)
    blocks = sound[:, : sound.shape[1] // size * size].reshape(2, -1, size)
    return 10 * np.log10(np.mean(blocks**2, axis=2) + 1e-12) > AUDIBLE_DB


def longest(frames: Any) -> float:
    return max((FRAME * len(list(group)) for state, group in groupby(frames) if state), default=0.0)


def manifest() -> list[dict[str, str]]:
    with (SAMPLES / "calls" / "calls.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


@each_call
def test_recordings_are_two_channel_telephone_calls(name: str) -> None:
    with av.open(str(SAMPLES / "calls" / name)) as container:
        stream = container.streams.audio[0]
        assert stream.codec_context.codec.canonical_name == CODECS[Path(name).suffix]
        assert stream.codec_context.channels == 2
        assert name.endswith((".mp3", ".ogg")) or stream.codec_context.sample_rate == 8000
    assert 45 <= speaking(name).shape[1] * FRAME <= 120


@each_call
def test_the_rep_greets_on_the_channel_of_the_script(name: str) -> None:
    rep, customer = SCRIPTS[name]["rep_channel"], 1 - SCRIPTS[name]["rep_channel"]
    heard = speaking(name)
    assert np.argmax(heard[rep]) + 1 / FRAME < np.argmax(heard[customer])


def test_the_rep_is_not_always_on_the_same_channel() -> None:
    assert {script["rep_channel"] for script in SCRIPTS.values()} == {0, 1}


@pytest.mark.parametrize(
    "name", [name for name in SCRIPTS if any(line.get("gap", 0) < 0 for line in SCRIPTS[name]["lines"])]
)
def test_overlaps_of_the_script_are_heard(name: str) -> None:
    assert longest(speaking(name).all(axis=0)) >= 0.1


@pytest.mark.parametrize(
    "name", [name for name in SCRIPTS if any(line.get("gap", 0) > 3 for line in SCRIPTS[name]["lines"])]
)
def test_long_pauses_of_the_script_are_silent(name: str) -> None:
    assert longest(~speaking(name).any(axis=0)) > 3


def test_calls_have_overlaps_and_long_pauses() -> None:
    gaps = [[line.get("gap", 0) for line in script["lines"]] for script in SCRIPTS.values()]
    assert sum(min(gap) <= -0.5 for gap in gaps) >= 4
    assert sum(max(gap) > 3 for gap in gaps) >= 4


def test_manifest_names_each_recording_once_and_not_the_channel() -> None:
    rows = manifest()
    recordings = {path.name for path in (SAMPLES / "calls").iterdir()} - {"calls.csv"}
    assert len(rows) == 8 and {row["recording"] for row in rows} == recordings == set(SCRIPTS)
    assert list(rows[0]) == ["recording", "rep", "team", "started_at", "queue"]
    assert len({row["rep"] for row in rows}) == 3
    assert len({datetime.fromisoformat(row["started_at"]).date() for row in rows}) == 3
    assert all(row["started_at"][:10] == row["recording"][:10] for row in rows)


def test_recordings_are_small() -> None:
    assert sum(path.stat().st_size for path in (SAMPLES / "calls").iterdir()) < 6e6


def test_json_transcript_is_the_script_with_times() -> None:
    data = json.loads((SAMPLES / "transcripts" / "2026-11-19_1618_colin.json").read_text("utf-8"))
    call = call_from_dict(data)
    heard = speaking("2026-11-19_1618_colin.mp3")
    assert call.turns[0].text == "Harbour Row Energy, you're through to Colin."
    assert "I should have checked before I said a word" in " ".join(t.text for t in call.turns if t.speaker == "rep")
    for turn in call.turns:
        channel = SCRIPTS["2026-11-19_1618_colin.mp3"]["rep_channel"] ^ (turn.speaker == "customer")
        assert heard[channel, round(turn.start / FRAME) : round(turn.end / FRAME)].mean() > 0.3


def test_vtt_transcript_is_the_script_with_times() -> None:
    captions = webvtt.read(str(SAMPLES / "transcripts" / "2026-11-17_0912_dana.vtt")).captions
    rep = " ".join(caption.text for caption in captions if caption.voice == "Rep")
    lines = " ".join(line["rep"] for line in SCRIPTS["2026-11-17_0912_dana.wav"]["lines"] if "rep" in line)
    assert rep == re.sub(r"\[(\w+)\]\([^)]*\)", r"\1", lines)
    assert captions[-1].end_in_seconds <= speaking("2026-11-17_0912_dana.wav").shape[1] * FRAME
