import wave
from dataclasses import replace
from itertools import islice
from pathlib import Path

import numpy as np
import pytest
from scipy.signal import butter, sosfilt

from coach.audio import RATE, blocks
from coach.calls import Call, Speaker, Stretch, Turn
from coach.delivery.voice import Voice, voices
from coach.listen.speech import find_speech
from coach.listen.stretches import stretches

TELEPHONE = butter(6, [300, 3400], "bandpass", fs=RATE, output="sos")


def glide(low: float, high: float, seconds: float = 2.0, rms: float = 0.05) -> np.ndarray:
    """A buzz through a telephone, its F0 evenly up and down in semitones: the fundamental itself is cut off."""
    up = np.linspace(np.log(low), np.log(high), int(seconds * RATE / 2))
    phase = 2 * np.pi * np.cumsum(np.exp(np.concatenate([up, up[::-1]]))) / RATE
    buzz = sum(np.sin(n * phase) / n for n in range(1, int(3400 / high)))
    heard = sosfilt(TELEPHONE, buzz)
    return heard * rms / heard.std()


def silence(seconds: float) -> np.ndarray:
    return np.zeros(int(seconds * RATE))


def call(*turns: tuple[Speaker, float, float], channels: int = 2) -> Call:
    said = tuple(Turn(speaker, "...", start, end) for speaker, start, end in turns)
    speech = tuple(Stretch(speaker, start, end) for speaker, start, end in turns)
    return Call("buzz", said, channels=channels, rep_channel=0 if channels == 2 else None, speech=speech)


def wav(path: Path, *channels: np.ndarray) -> Path:
    with wave.open(str(path), "wb") as file:
        file.setparams((len(channels), 2, RATE, 0, "NONE", ""))
        file.writeframes((np.stack(channels, axis=1) * 32767).round().astype("<i2").tobytes())
    return path


def measured(found: list[Voice | None]) -> list[Voice]:
    return [voice for voice in found if voice is not None]


@pytest.mark.parametrize(("low", "high"), [(90, 110), (100, 150), (180, 220), (200, 300)])
def test_a_known_pitch_is_found_through_a_telephone(tmp_path, low, high):
    path = wav(tmp_path / "a.wav", np.concatenate([silence(1), glide(low, high), silence(1)]), silence(4))
    (voice,) = measured(voices(call(("rep", 1, 3)), path))
    assert 12 * np.log2(voice.pitch / np.sqrt(low * high)) == pytest.approx(0, abs=0.3)
    assert voice.pitch_range == pytest.approx(0.8 * 12 * np.log2(high / low), abs=0.4)
    assert voice.loudness == 0


@pytest.mark.parametrize("noise", [0.0, 0.01])
@pytest.mark.parametrize("line", [0.0, -12.0])
def test_a_louder_turn_is_louder_on_any_line(tmp_path, line, noise):
    """Gains of 0, -6, +6 dB; a line that is quieter throughout changes nothing, nor does its hiss."""
    gains = [0, -6, 6]
    pieces = [np.concatenate([glide(120, 160) * 10 ** (gain / 20), silence(1)]) for gain in gains]
    sound = np.concatenate([silence(1), *pieces])
    sound += noise * np.random.default_rng(0).normal(size=len(sound))
    path = wav(tmp_path / "a.wav", sound * 10 ** (line / 20), silence(10))
    found = measured(voices(call(("rep", 1, 3), ("rep", 4, 6), ("rep", 7, 9)), path))
    assert [voice.loudness for voice in found] == pytest.approx(gains, abs=0.5)
    assert [voice.pitch for voice in found] == pytest.approx([138.6] * 3, rel=0.02)


def test_what_is_too_short_or_not_voiced_or_not_the_reps_has_no_figures(tmp_path):
    hiss = 0.05 * np.random.default_rng(0).normal(size=2 * RATE)
    sound = np.concatenate([glide(120, 160, 0.4), silence(1.6), hiss, glide(120, 160), silence(1)])
    path = wav(tmp_path / "a.wav", sound, silence(7))
    found = voices(call(("rep", 0, 0.4), ("rep", 2, 4), ("customer", 4, 6), ("rep", 6, 7)), path)
    assert found == [None] * 4


def test_on_one_channel_only_the_rep_alone_counts(tmp_path):
    rep = np.concatenate([glide(180, 220, 3), silence(2)])
    customer = np.concatenate([silence(2), glide(90, 110, 3)])
    together = call(("rep", 0, 3), ("customer", 2, 5), channels=1)
    (voice,) = measured(voices(together, wav(tmp_path / "mono.wav", rep + customer)))
    alone = call(("rep", 0, 2), channels=1)
    (expected,) = measured(voices(alone, wav(tmp_path / "alone.wav", rep)))
    assert voice.pitch == pytest.approx(expected.pitch, rel=0.01)
    assert voice.pitch_range == pytest.approx(expected.pitch_range, abs=0.3)


def test_the_channel_of_the_rep_is_the_one_that_is_heard(tmp_path):
    path = wav(tmp_path / "a.wav", glide(90, 110), glide(180, 220))
    one = call(("rep", 0, 2))
    assert [round(voices(replace(one, rep_channel=c), path)[0].pitch, -1) for c in (0, 1)] == [100, 200]


def test_a_long_call_is_read_in_blocks(tmp_path, monkeypatch):
    """The figures don't hang on where a block ends, and no more than a block is held."""
    path = wav(tmp_path / "a.wav", np.concatenate([silence(1), glide(120, 160, 6), silence(1)]), silence(8))
    whole, held = voices(call(("rep", 1, 7)), path), []

    def short_blocks(path):
        for block in blocks(path, seconds=1.6):
            held.append(block.shape[1])
            yield block

    monkeypatch.setattr("coach.delivery.voice.blocks", short_blocks)
    (voice,) = measured(voices(call(("rep", 1, 7)), path))
    assert max(held) <= 1.6 * RATE
    assert voice.pitch == pytest.approx(whole[0].pitch, rel=0.01)
    assert voice.pitch_range == pytest.approx(whole[0].pitch_range, abs=0.3)


def test_a_real_rep(shared):
    """A woman, who stays within the pitch of a woman's talk; the figures of her turns differ, as in any talk."""
    recording = shared / "audio" / "repair_shop_40.flac"
    rep, customer = find_speech(islice(blocks(recording), 2)).stretches
    heard = stretches([("rep", rep), ("customer", customer)])
    turns = tuple(Turn("rep", "...", start, end) for start, end in rep if end - start > 1.5)
    found = measured(voices(Call("real", turns, channels=2, rep_channel=0, speech=heard), recording))
    assert len(found) == len(turns) >= 5
    assert 165 < np.median([voice.pitch for voice in found]) < 300
    assert 3 < np.median([voice.pitch_range for voice in found]) < 15
    assert all(abs(voice.loudness) < 12 for voice in found)


def test_talk_in_the_background_is_not_taken_for_the_rep(tmp_path):
    """Others who talk 20 dB below leave the figures as they are; where they are hardly weaker, nothing is claimed."""
    rep = np.concatenate([silence(2), glide(180, 220), silence(2)])
    others = glide(90, 110, 6) / 10
    heard = call(("rep", 2, 4))
    faint = voices(heard, wav(tmp_path / "faint.wav", rep + others, silence(6)))[0]
    loud = voices(heard, wav(tmp_path / "loud.wav", rep + 5 * others, silence(6)))[0]
    assert faint.pitch == pytest.approx(199, rel=0.03)
    assert loud is None
