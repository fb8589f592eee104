"""Listening: real recordings where they are at hand, and every step by itself on sound and words made here."""

import inspect
import os
import subprocess
import sys
from collections.abc import Callable
from itertools import chain
from pathlib import Path

import av
import jiwer
import numpy as np
import pytest
import torch
from elsewhere import DEVICE, Elsewhere
from whisper.decoding import DecodingOptions
from whisper.normalizers import EnglishTextNormalizer

from coach.audio import RATE, blocks
from coach.calls import Call, InputError, Word, swap
from coach.listen import Engine, listen, load_engine, openai_whisper
from coach.listen.engines import whole_words
from coach.listen.openai_whisper import OpenAIWhisper
from coach.listen.speech import Detector, Speech, find_speech
from coach.listen.turns import conversation, monologue
from coach.listen.windows import GAP, Window, cut, pack

ENGINES = ("openai-whisper", "faster-whisper")


@pytest.fixture(scope="session", params=ENGINES)
def engine(request: pytest.FixtureRequest) -> Engine:
    return load_engine(request.param)


@pytest.fixture(scope="session")
def openai() -> Engine:
    return load_engine("openai-whisper")


@pytest.fixture(scope="session")
def repair_shop(shared: Path) -> np.ndarray:
    return np.concatenate(list(blocks(shared / "audio" / "repair_shop_49.flac")), axis=1)


def save(path: Path, sound: np.ndarray) -> Path:
    layout = "stereo" if len(sound) == 2 else "mono"
    with av.open(str(path), "w") as container:
        stream = container.add_stream("pcm_s16le", rate=RATE, layout=layout)
        frame = av.AudioFrame.from_ndarray(np.ascontiguousarray(sound, np.float32), format="fltp", layout=layout)
        frame.sample_rate = RATE
        container.mux([packet for piece in (frame, None) for packet in stream.encode(piece)])
    return path


def in_blocks(sound: np.ndarray, seconds: int = 60) -> list[np.ndarray]:
    return np.split(sound, range(seconds * RATE, sound.shape[1], seconds * RATE), axis=1)


def said(call: Call, speaker: str) -> str:
    return " ".join(turn.text for turn in call.turns if turn.speaker == speaker).lower()


def error_rate(reference: str, call: Call) -> float:
    normal = EnglishTextNormalizer()
    return jiwer.wer(normal(reference), normal(" ".join(turn.text for turn in call.turns)))


def consistent(call: Call) -> bool:
    words = [word for turn in call.turns for word in turn.words]
    return (
        all(turn.text == " ".join(word.text for word in turn.words) for turn in call.turns)
        and all(type(time) is float for word in words for time in (word.start, word.end, word.probability))
        and all(0 <= word.start <= word.end <= call.duration and 0 < word.probability <= 1 for word in words)
        and [turn.start for turn in call.turns] == sorted(turn.start for turn in call.turns)
    )


# Real recordings


def test_a_two_channel_call_is_a_dialogue(openai: Engine, repair_shop: np.ndarray, tmp_path: Path) -> None:
    fractions: list[float] = []
    path = save(tmp_path / "call.wav", repair_shop[:, : 92 * RATE])
    call = listen(path, openai, progress=fractions.append)
    assert consistent(call)
    assert (call.language, call.channels, call.rep_channel) == ("en", 2, 0)
    assert call.rep_confidence > 0.7
    assert "believe it or not, this happens" in said(call, "rep")
    assert "my name is suzanne" in said(call, "customer")
    assert "how can i help you" in call.turns[0].text.lower()
    assert fractions == sorted(fractions)
    assert fractions[-1] == 1.0


def test_whose_channel_is_given(engine: Engine, repair_shop: np.ndarray, tmp_path: Path) -> None:
    call = listen(save(tmp_path / "call.wav", repair_shop[:, : 31 * RATE]), engine, rep_channel=1)
    assert (call.rep_channel, call.rep_confidence) == (1, 1.0)
    assert "my name is suzanne" in said(call, "rep")
    swapped = swap(call)
    assert (swapped.rep_channel, swapped.rep_confidence) == (0, 1.0)
    assert "my name is suzanne" in said(swapped, "customer")
    assert swap(swapped) == call
    assert consistent(call)


def test_read_speech_is_understood(engine: Engine, shared: Path) -> None:
    call = listen(shared / "audio" / "read_speech_phone.flac", engine)
    assert error_rate((shared / "audio" / "read_speech_phone.txt").read_text(), call) <= 0.06
    assert {turn.speaker for turn in call.turns} == {"unknown"}
    assert (call.channels, call.rep_channel) == (1, None)
    assert consistent(call)


def test_hold_music_says_nothing(engine: Engine, shared: Path) -> None:
    call = listen(shared / "audio" / "hold_music.flac", engine)
    assert call.turns == ()
    assert call.language is None


def test_music_and_noise_beside_speech_say_nothing(
    openai: Engine, shared: Path, repair_shop: np.ndarray, tmp_path: Path
) -> None:
    """A customer on hold while the rep talks: the rep's channel speaks, the customer's does not."""
    music = next(blocks(shared / "audio" / "hold_music.flac"))[0]
    noise = np.random.default_rng(0).normal(0, 0.02, RATE * 10).astype(np.float32)
    held = np.concatenate([music[: 15 * RATE], noise])
    path = save(tmp_path / "call.wav", np.stack([repair_shop[0, 33 * RATE : 58 * RATE], held]))
    call = listen(path, openai, rep_channel=0)
    assert "little switch" in said(call, "rep")
    assert said(call, "customer") == ""


@pytest.mark.parametrize(("decibel", "milliseconds"), [(-20, 5), (-25, 40), (-30, 20)])
def test_cross_talk_is_not_heard_twice(decibel: int, milliseconds: int, repair_shop: np.ndarray) -> None:
    sound = repair_shop[:, : 62 * RATE].copy()
    alone = find_speech(in_blocks(sound))
    late = milliseconds * RATE // 1000
    sound[1, late:] += 10 ** (decibel / 20) * sound[0, :-late]
    leaky = find_speech(in_blocks(sound))
    assert leaky.regions[0] == alone.regions[0]
    before, after = (heard(speech, 1, sound.shape[1]) for speech in (alone, leaky))
    rep_only = heard(alone, 0, sound.shape[1]) & ~before
    assert (after & rep_only).mean() < 0.05 * rep_only.mean()
    customer_only = before & ~heard(alone, 0, sound.shape[1])
    assert (after & customer_only).mean() > 0.97 * customer_only.mean()


def heard(speech: Speech, channel: int, samples: int) -> np.ndarray:
    """Which 10-ms steps of a channel are transcribed."""
    mask = np.zeros(samples, bool)
    for first, last in speech.regions[channel]:
        mask[first:last] = True
    return (mask & ~np.repeat(speech.leaked[channel], 512)[:samples])[:: RATE // 100]


def test_people_who_talk_at_once_are_both_heard(repair_shop: np.ndarray) -> None:
    """The caller laid over the rep, 12 dB down but not correlated: nothing of it is taken for cross-talk."""
    sound = np.stack([repair_shop[0, 34 * RATE : 58 * RATE], 0.25 * repair_shop[1, RATE : 25 * RATE]])
    assert find_speech(in_blocks(sound)).leaked[1].mean() < 0.01


# Sound made here


@pytest.mark.parametrize("level", [0.0, 0.003, 0.1])
def test_silence_and_noise_say_nothing(level: float, engine: Engine, tmp_path: Path) -> None:
    sound = np.random.default_rng(0).normal(0, 1, (2, 20 * RATE)) * level
    assert listen(save(tmp_path / "quiet.wav", sound), engine).turns == ()


def test_another_language_is_said_and_not_transcribed(engine: Engine, shared: Path, monkeypatch) -> None:
    """The decision is the model's own; a Spanish recording is not at hand, so its answer is put in its mouth."""
    monkeypatch.setattr(engine, "_language", lambda _: "es")
    call = listen(shared / "audio" / "two_women_phone.flac", engine)
    assert (call.language, call.turns) == ("es", ())


def test_detector_equals_silero_frame_by_frame(samples_sound: np.ndarray) -> None:
    from scipy.signal import resample_poly
    from silero_vad import load_silero_vad

    stock = load_silero_vad()
    half = torch.from_numpy(resample_poly(samples_sound, 1, 2, axis=1).astype(np.float32))
    with torch.inference_mode():
        expected = torch.cat([stock(piece, 8000) for piece in half.split(256, dim=1)], dim=1).numpy()
    assert expected.max() > 0.5
    assert np.abs(Detector()(samples_sound) - expected).max() < 1e-3


def test_decoding_equals_whisper(openai: Engine, samples_sound: np.ndarray) -> None:
    options = DecodingOptions(language="en", without_timestamps=True, fp16=False, sample_len=16)
    with torch.inference_mode():
        features = openai._encode(list(samples_sound))
        ours, theirs = openai._decoded(features, options), openai.model.decode(features, options)
    assert any(len(result.tokens) == 16 for result in ours)
    assert [result.tokens for result in ours] == [result.tokens for result in theirs]
    assert [result.avg_logprob for result in ours] == pytest.approx([result.avg_logprob for result in theirs], abs=1e-4)


def test_another_device_hears_the_same(openai: Engine, samples_sound: np.ndarray, monkeypatch) -> None:
    monkeypatch.setattr(openai_whisper, "device", lambda: DEVICE)
    with Elsewhere(), torch.no_grad():
        there = OpenAIWhisper()
        assert there.model.device == DEVICE
        heard = inspect.unwrap(OpenAIWhisper.transcribe)(there, samples_sound)  # inference mode takes no such tensors
    expected = openai.transcribe(samples_sound)
    assert heard.language == expected.language == "en"
    for ours, theirs in zip(chain(*heard.words), chain(*expected.words), strict=True):
        assert (ours.text, ours.start, ours.end) == (theirs.text, theirs.start, theirs.end)
        assert ours.probability == pytest.approx(theirs.probability, abs=1e-3)


def test_windows_without_words_are_empty(openai: Engine) -> None:
    with torch.inference_mode():
        assert openai._align(torch.zeros(2, 1500, 512), [[], []], [5.0, 5.0]) == [[], []]


def test_word_times_leave_the_other_cores_alone() -> None:
    code = "from coach.listen.openai_whisper import _dtw, np, torch; _dtw(np.eye(9)); print(torch.get_num_threads())"
    limit = os.environ | {"OMP_NUM_THREADS": "1", "NUMBA_NUM_THREADS": "2"}
    said = subprocess.run([sys.executable, "-c", code], env=limit, capture_output=True, text=True, check=True)
    assert said.stdout.split() == ["1"]


@pytest.fixture
def samples_sound(repair_shop: np.ndarray) -> np.ndarray:
    return repair_shop[:, : 512 * 300]


def test_block_borders_cut_no_speech(repair_shop: np.ndarray) -> None:
    sound = repair_shop[:, : 40 * RATE]
    whole = find_speech([sound])
    pieces = find_speech(np.split(sound, range(512 * 50, sound.shape[1], 512 * 50), axis=1))
    for one, other in zip(whole.regions, pieces.regions, strict=True):
        assert np.abs(np.array(one) - np.array(other)).max() < 0.1 * RATE


def test_long_speech_is_packed_and_cut_to_the_sample() -> None:
    regions = [[(i * 7 * RATE, (i * 7 + 4) * RATE) for i in range(20)], [(3 * RATE, 31 * RATE)]]
    sound = np.arange(2 * 150 * RATE, dtype=np.float32).reshape(2, -1)
    speech = Speech(regions, np.zeros((2, 150 * RATE // 512 + 1), bool))
    windows = pack(speech)
    assert all(window.samples <= 30 * RATE for window in windows)
    assert [list(w.pieces) for w in windows if w.channel == 1] == [regions[1]]
    assert [piece for w in windows if w.channel == 0 for piece in w.pieces] == regions[0]
    got = list(cut(in_blocks(sound), windows, speech.leaked))
    assert [window for window, _ in got] == windows
    for window, samples in got:
        gap = np.zeros(GAP, np.float32)
        parts = [part for first, last in window.pieces for part in (gap, sound[window.channel, first:last])]
        assert np.array_equal(samples, np.concatenate(parts[1:]))


def test_a_window_ends_at_a_long_pause_and_keeps_short_ones() -> None:
    pauses = [3.0 if i == 22 else 0.2 for i in range(29)]
    begins = np.cumsum([0.0] + [1 + pause for pause in pauses])
    regions = [(round(begin * RATE), round((begin + 1) * RATE)) for begin in begins]
    first, second = pack(Speech([regions], np.zeros((1, 0), bool)))
    assert first.pieces == ((0, regions[22][1]),)
    assert second.pieces == ((regions[23][0], regions[-1][1]),)


@pytest.mark.parametrize(
    ("start", "end", "expected"),
    [(0.5, 1.0, (10.5, 11.0)), (2.6, 3.1, (20.1, 20.6)), (1.7, 2.1, (11.7, 12.0)), (2.4, 2.9, (20.0, 20.4))],
)
def test_words_go_back_to_where_they_were_said(start: float, end: float, expected: tuple[float, float]) -> None:
    window = Window(0, ((10 * RATE, 12 * RATE), (20 * RATE, 25 * RATE)))
    word = window.in_recording(Word("so", start, end, 0.9))
    assert (word.start, word.end) == pytest.approx(expected)


def spoken(text: str, start: float, step: float = 0.4) -> list[Word]:
    return [Word(word, start + i * step, start + i * step + 0.3, 0.9) for i, word in enumerate(text.split())]


def test_turns_alternate() -> None:
    rep = spoken("how can I help you", 0) + spoken("which car", 6) + spoken("is it", 9)
    turns = conversation([("rep", rep), ("customer", spoken("my light is on", 3) + spoken("Yes.", 12))])
    assert [(turn.speaker, turn.text) for turn in turns] == [
        ("rep", "how can I help you"),
        ("customer", "my light is on"),
        ("rep", "which car is it"),
        ("customer", "Yes."),
    ]


def test_a_back_channel_does_not_chop_a_turn() -> None:
    rep = spoken("so you go out to the car and then you sit in it", 0)
    turns = conversation([("rep", rep), ("customer", spoken("Mm-hmm.", 2.1))])
    assert [turn.text for turn in turns] == ["so you go out to the car and then you sit in it", "Mm-hmm."]


def test_an_answer_of_one_word_is_no_back_channel() -> None:
    rep = spoken("is it a red one?", 0) + spoken("and the year?", 3)
    turns = conversation([("rep", rep), ("customer", spoken("Yes.", 2.3))])
    assert [turn.text for turn in turns] == ["is it a red one?", "Yes.", "and the year?"]


def test_mono_turns_end_at_pauses() -> None:
    turns = monologue(spoken("hello there", 0) + spoken("hi", 3))
    assert [(turn.speaker, turn.text) for turn in turns] == [("unknown", "hello there"), ("unknown", "hi")]


@pytest.mark.parametrize(
    ("parts", "words"),
    [
        ([" It", " costs", " $", "10", ",000", "."], ["It", "costs", "$10,000."]),
        ([" twenty", "-five", " (", "so", ")"], ["twenty-five", "(so)"]),
        ([" ♪", " ♪"], []),
        ([" -", " Yes", ",", " ma", "'am"], ["-Yes,", "ma'am"]),
    ],
)
def test_words_are_whole(parts: list[str], words: list[str]) -> None:
    glued = whole_words([Word(part, i, i + 1, 0.5) for i, part in enumerate(parts)])
    assert [word.text for word in glued] == words


def test_marks_carry_no_time() -> None:
    (word,) = whole_words([Word(" no", 1.0, 1.4, 0.9), Word("!", 1.4, 4.0, 0.1)])
    assert word == Word("no!", 1.0, 1.4, 0.9)


@pytest.mark.parametrize("name", ENGINES)
def test_a_model_that_is_none_is_refused(name: str, tmp_path: Path) -> None:
    wrong = tmp_path / "model.pt"
    wrong.write_bytes(b"not a model")
    with pytest.raises(InputError, match=r"model\.pt"):
        load_engine(name, str(wrong))


def test_a_model_that_runs_code_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "evil.pt"
    torch.save({"dims": {}, "model_state_dict": Explosive()}, path)
    with pytest.raises(InputError, match=r"evil\.pt"):
        load_engine("openai-whisper", str(path))
    assert not (tmp_path / "exploded").exists()


class Explosive:
    def __reduce__(self) -> tuple[Callable, tuple]:
        return Path.touch, (Path("exploded"),)


def test_there_is_no_such_engine() -> None:
    with pytest.raises(InputError, match="choose one of"):
        load_engine("shorthand")
