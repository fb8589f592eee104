"""Decoding: every kind of recording that people have, and every kind of file that is none."""

import io
import os
import wave
from pathlib import Path

import av
import numpy as np
import pytest

from coach.audio import RATE, blocks, clip, player_copy, probe
from coach.calls import InputError, Stretch

KINDS = {  # suffix: codec, rate, channels
    "mulaw.wav": ("pcm_mulaw", 8000, 2),
    "alaw.wav": ("pcm_alaw", 8000, 2),
    "float.wav": ("pcm_f32le", 44100, 2),
    "mp3": ("libmp3lame", 16000, 2),
    "m4a": ("aac", 44100, 2),
    "opus": ("libopus", 48000, 2),
    "webm": ("libopus", 48000, 2),
    "flac": ("flac", 8000, 2),
    "amr": ("libopencore_amrnb", 8000, 1),
}


def tones(seconds: float, rate: int, channels: int) -> np.ndarray:
    """A tone that comes and goes each second; 200 Hz higher on each further channel."""
    time = np.arange(round(seconds * rate)) / rate
    return np.stack([0.3 * np.sin(2 * np.pi * (300 + 200 * c) * time) * (time % 1 < 0.5) for c in range(channels)])


def write(path: Path, codec: str, rate: int, sound: np.ndarray, picture: bool = False) -> Path:
    layout = {1: "mono", 2: "stereo"}[len(sound)]
    with av.open(str(path), "w") as container:
        video = container.add_stream("mpeg4", rate=5) if picture else None
        stream = container.add_stream(codec, rate=rate, layout=layout)
        frame = av.AudioFrame.from_ndarray(sound.astype(np.float32), format="fltp", layout=layout)
        frame.sample_rate = rate
        if video:
            video.width = video.height = 64
            image = av.VideoFrame.from_ndarray(np.zeros((64, 64, 3), np.uint8))
            container.mux([packet for picture in (image, None) for packet in video.encode(picture)])
        container.mux([packet for piece in (frame, None) for packet in stream.encode(piece)])
    return path


def pcm(path: Path, sound: np.ndarray, rate: int = 8000) -> Path:
    with wave.open(str(path), "wb") as wav:
        wav.setnchannels(len(sound))
        wav.setsampwidth(2)
        wav.setframerate(rate)
        wav.writeframes((sound.T * 32767).astype("<i2").tobytes())
    return path


def whole(path: Path) -> np.ndarray:
    return np.concatenate(list(blocks(path, seconds=5)), axis=1)


def samples_of(wav: bytes) -> np.ndarray:
    with wave.open(io.BytesIO(wav)) as file:
        assert (file.getframerate(), file.getnchannels(), file.getsampwidth()) == (RATE, 1, 2)
        return np.frombuffer(file.readframes(file.getnframes()), "<i2") / 32767


@pytest.mark.parametrize("kind", KINDS)
def test_any_codec_keeps_channels_apart_and_in_time(kind: str, tmp_path: Path) -> None:
    codec, rate, channels = KINDS[kind]
    path = write(tmp_path / f"call.{kind}", codec, rate, tones(12, rate, channels))
    recording = probe(path)
    assert (recording.channels, recording.rate) == (channels, rate)
    assert recording.duration == pytest.approx(12, abs=0.1)
    sound, expected = whole(path), tones(12, RATE, channels)
    assert sound.dtype == np.float32
    assert sound.shape[0] == channels
    for channel in range(channels):
        spectrum = np.abs(np.fft.rfft(sound[channel, : 4 * RATE]))
        assert spectrum.argmax() / 4 == pytest.approx(300 + 200 * channel, abs=1)
        envelope, beats = (
            np.abs(x[channel, : RATE * 11]).reshape(-1, RATE // 4).mean(axis=1) for x in (sound, expected)
        )
        assert np.corrcoef(envelope, beats)[0, 1] > 0.95


@pytest.mark.parametrize("kind", KINDS)
def test_clip_is_the_very_stretch(kind: str, tmp_path: Path) -> None:
    codec, rate, channels = KINDS[kind]
    path = write(tmp_path / f"call.{kind}", codec, rate, tones(12, rate, channels))
    cut, mixed = samples_of(clip(path, 7.3, 9.1)), whole(path).mean(axis=0)
    assert len(cut) == round(1.8 * RATE)
    expected = mixed[round(7.3 * RATE) : round(9.1 * RATE)]
    assert np.abs(cut - expected).mean() < 0.1 * np.abs(expected).mean()


def test_clip_ends_with_the_recording(tmp_path: Path) -> None:
    path = pcm(tmp_path / "call.wav", tones(4, 8000, 2))
    assert len(samples_of(clip(path, -1, 2))) == 2 * RATE
    assert len(samples_of(clip(path, 3, 9))) == RATE


def test_the_copy_to_be_played_is_small_in_time_and_silent_where_it_must_be(tmp_path: Path) -> None:
    """Across the pieces in which it is made: a minute each."""
    sound = 0.3 * np.sin(2 * np.pi * 440 * np.arange(RATE * 65) / RATE)
    path = tmp_path / "long.wav"
    with wave.open(str(path), "wb") as wav:
        wav.setparams((1, 2, RATE, 0, "NONE", ""))
        wav.writeframes((sound * 32767).astype("<i2").tobytes())
    (tmp_path / "copy.mp3").write_bytes(copy := player_copy(path, [Stretch("customer", 59.0, 61.0)]))
    heard = np.concatenate([block[0] for block in blocks(tmp_path / "copy.mp3")])
    assert len(copy) < 65 * 4100 and len(heard) / RATE == pytest.approx(65, abs=0.1)
    loud = np.abs(heard[: RATE * 65].reshape(-1, RATE // 10)).max(axis=1) > 0.05
    assert not loud[591:609].any() and loud[2:585].all() and loud[615:645].all()


def test_blocks_join_without_a_seam(tmp_path: Path) -> None:
    path = pcm(tmp_path / "call.wav", tones(7.7, 8000, 2))
    pieces = list(blocks(path, seconds=2))
    assert [piece.shape[1] / RATE for piece in pieces] == pytest.approx([2, 2, 2, 1.7])
    assert np.abs(np.concatenate(pieces, axis=1) - next(blocks(path))).max() < 1e-6


def test_video_is_heard(tmp_path: Path) -> None:
    path = write(tmp_path / "meeting.mp4", "aac", 44100, tones(3, 44100, 2), picture=True)
    assert probe(path).channels == 2


def test_headerless_mulaw(tmp_path: Path) -> None:
    with wave.open(str(pcm(tmp_path / "a.wav", tones(3, 8000, 1)))) as wav:
        linear = np.frombuffer(wav.readframes(-1), "<i2")
    frame = av.AudioFrame.from_ndarray(linear[None], format="s16", layout="mono")
    frame.sample_rate = 8000
    encoder = av.CodecContext.create("pcm_mulaw", "w")
    encoder.format, encoder.layout, encoder.sample_rate = "s16", "mono", 8000
    path = tmp_path / "call.ulaw"
    path.write_bytes(b"".join(bytes(packet) for packet in encoder.encode(frame)))
    assert probe(path).duration == pytest.approx(3)


@pytest.mark.parametrize(("kind", "codec"), [("wav", "pcm_mulaw"), ("mp3", "libmp3lame")])
def test_the_same_sound_on_both_channels_is_mono(kind: str, codec: str, tmp_path: Path) -> None:
    sound = np.random.default_rng(0).normal(0, 0.1, (1, 32000))
    assert probe(write(tmp_path / f"dual.{kind}", codec, 16000, np.repeat(sound, 2, axis=0))).channels == 1
    assert probe(write(tmp_path / f"apart.{kind}", codec, 16000, np.concatenate([sound, sound[:, ::-1]]))).channels == 2


@pytest.mark.parametrize("kind", ["mulaw.wav", "mp3", "opus", "flac"])
def test_a_truncated_recording_is_used_as_far_as_it_goes(kind: str, tmp_path: Path) -> None:
    codec, rate, channels = KINDS[kind]
    path = write(tmp_path / f"call.{kind}", codec, rate, tones(12, rate, channels))
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    assert 4 < probe(path).duration < 8


def nothing(path: Path) -> None:
    path.unlink(missing_ok=True)


def nine_channels(path: Path) -> None:
    pcm(path, np.repeat(tones(2, 8000, 1), 9, axis=0))


def half_an_m4a(path: Path) -> None:
    sound = write(path.with_suffix(".m4a"), "aac", 44100, tones(5, 44100, 2)).read_bytes()
    path.write_bytes(sound[: len(sound) // 2])


def only_a_picture(path: Path) -> None:
    with av.open(str(path), "w", format="mp4") as container:
        video = container.add_stream("mpeg4", rate=5)
        video.width = video.height = 64
        image = av.VideoFrame.from_ndarray(np.zeros((64, 64, 3), np.uint8))
        container.mux([packet for picture in (image, None) for packet in video.encode(picture)])


@pytest.mark.parametrize(
    ("make", "reason"),
    [
        (nothing, "there is no such file"),
        (lambda path: path.write_bytes(b""), "the file is empty"),
        (lambda path: path.write_text("Dear customer,\nhello.\n" * 50), "not a recording"),
        (lambda path: path.write_bytes(np.random.default_rng(1).bytes(5000)), "not a recording"),
        (lambda path: path.mkdir(), "this is not a file"),
        (only_a_picture, "no sound"),
        (nine_channels, "9 channels; save rep and customer as the two channels"),
        (lambda path: pcm(path, tones(0.2, 8000, 2)), "0.2 s: too short"),
        (half_an_m4a, "damaged"),
    ],
)
def test_what_cannot_be_used_says_so_in_one_line(make, reason: str, tmp_path: Path) -> None:
    path = tmp_path / "call.wav"
    make(path)
    with pytest.raises(InputError) as error:
        probe(path)
    assert reason in str(error.value)
    assert str(path) in str(error.value)
    assert "\n" not in str(error.value)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_no_permission(tmp_path: Path) -> None:
    path = pcm(tmp_path / "call.wav", tones(2, 8000, 2))
    path.chmod(0)
    with pytest.raises(InputError, match="no permission"):
        probe(path)


def test_longer_than_three_hours_is_refused(tmp_path: Path) -> None:
    path = pcm(tmp_path / "day.wav", np.zeros((1, 100 * (3 * 3600 + 1))), rate=100)
    with pytest.raises(InputError, match="longer than 3 hours"):
        probe(path)
