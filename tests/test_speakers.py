"""Who speaks, on one channel: the two networks, the clustering, the words; and whole recordings."""

import sys
from dataclasses import replace
from itertools import product
from pathlib import Path

import numpy as np
import pytest
import torch

sys.path.insert(0, str(Path(__file__).parents[1] / "benchmarks"))

import diarization as benchmark

from coach.audio import RATE, blocks
from coach.calls import Call, Turn, Word, swap
from coach.listen import listen, load_engine
from coach.listen.speakers import SURE_OF_SPEAKERS, _networks, diarize, given
from coach.listen.speakers.clustering import speakers_of, viterbi
from coach.listen.speakers.embedding import fbank
from coach.listen.speakers.pieces import Piece, take_apart
from coach.review import why_not_scored

NOISE = np.random.default_rng(0).normal(0, 0.05, 10 * RATE).astype(np.float32)

# The networks. Figures are those of pyannote's and 3D-Speaker's own definitions with the published weights in 32 bits.

SETS = [
    [0.8959, 0.0040, 0.0178, 0.0761, 0.0006, 0.0012, 0.0045],
    [0.9702, 0.0007, 0.0055, 0.0213, 0.0002, 0.0005, 0.0016],
    [0.9752, 0.0005, 0.0042, 0.0185, 0.0001, 0.0003, 0.0012],
    [0.9756, 0.0005, 0.0042, 0.0181, 0.0001, 0.0003, 0.0011],
    [0.9769, 0.0005, 0.0038, 0.0174, 0.0001, 0.0003, 0.0010],
    [0.9830, 0.0004, 0.0030, 0.0129, 0.0000, 0.0001, 0.0005],
]
VOICE = [-1.21118, -0.33324, 0.59955, -1.36992, -0.68192, 1.05700, -0.71425, -0.45346]


def test_segmentation_is_the_published_one() -> None:
    sets = _networks()[0](torch.from_numpy(NOISE)[None])[0].exp()
    assert sets.shape == (589, 7)
    assert sets[::100].numpy() == pytest.approx(np.array(SETS), abs=2e-4)


def test_embedding_is_the_published_one() -> None:
    embedding = _networks()[1]
    voice = embedding.voice(embedding.read(torch.from_numpy(fbank(NOISE))))
    assert voice.shape == (192,)
    assert voice[:8].numpy() == pytest.approx(np.array(VOICE), abs=0.01)


# The clustering, on voices made here


def voices(order: str, noise: float = 0.6) -> tuple[list[Piece], np.ndarray]:
    """A second of each speaker in turn, with half a second between; each has a direction, and each piece its noise.

    Capitals are voices alike.
    """
    rng = np.random.default_rng(1)
    common = {True: 1.2 * rng.normal(0, 1, 192), False: np.zeros(192)}
    directions = {speaker: common[speaker.isupper()] + rng.normal(0, 1, 192) for speaker in sorted(set(order))}
    pieces = [Piece(int(1.5 * i // 5), 0, 1.5 * i, 1.5 * i + 1) for i in range(len(order))]
    return pieces, np.stack([directions[speaker] + rng.normal(0, noise, 192) for speaker in order])


def named(labels: np.ndarray, order: str) -> dict[str, set[int]]:
    return {speaker: {int(label) for label, s in zip(labels, order, strict=True) if s == speaker} for speaker in order}


@pytest.mark.parametrize(
    ("order", "neither"),
    [
        ("abababaabbab", ""),
        ("mmmmmmm" + "abbaababaab", "m"),
        ("mmmmmmm" + "ABBAABABAAB", "m"),
        ("abababababab" + "cbccb", "c"),
        ("aBaBBa" + "ABABABABABAB", "a"),
    ],
    ids=["two", "a greeting", "a greeting before voices alike", "a transfer", "a transfer to a voice alike"],
)
def test_two_who_talk_with_each_other_are_found(order: str, neither: str) -> None:
    labels, confidence = speakers_of(*voices(order))
    found = named(labels, order)
    assert sorted(label for one in found if one not in neither for label in found[one]) == [0, 1]
    assert all(found[one] == {2} for one in neither)
    assert confidence > 0.95


def test_one_voice_is_not_two() -> None:
    assert speakers_of(*voices("a" * 30))[1] < SURE_OF_SPEAKERS


def test_too_little_to_tell() -> None:
    pieces, sides = voices("a")
    labels, confidence = speakers_of(pieces, sides)
    assert (labels.tolist(), confidence) == ([0], 0.0)
    assert speakers_of([], np.zeros((0, 192)))[1] == 0.0


def test_a_piece_without_a_voice_goes_with_its_breath() -> None:
    pieces, sides = voices("ababab")
    at = pieces[3]
    short = Piece(at.tile, at.local, at.end, at.end + 0.1)
    labels, _ = speakers_of([*pieces[:4], short, *pieces[4:]], np.insert(sides, 4, 0, axis=0))
    assert labels[4] == labels[3]


def test_viterbi_finds_the_best_of_all_sequences() -> None:
    rng = np.random.default_rng(2)
    gain, switch = rng.normal(0, 1, (6, 3)), rng.normal(-1, 1, 5)

    def score(states: tuple[int, ...]) -> float:
        changes = sum(odds for a, b, odds in zip(states, states[1:], switch, strict=False) if a != b)
        return sum(gain[i, state] for i, state in enumerate(states)) + changes

    best = max(product(range(3), repeat=6), key=score)
    assert tuple(viterbi(gain, switch)) == best


# The words


def at(text: str, start: float, step: float = 0.4) -> list[Word]:
    return [Word(word, start + i * step, start + i * step + step, 0.9) for i, word in enumerate(text.split())]


@pytest.mark.parametrize("late", [0.0, 0.2, -0.2])
def test_words_go_to_who_is_heard(late: float) -> None:
    first, second = "How are you today?", "I am well."
    words = at(first, 1.0 + late) + at(second, 2.8 + late)
    one, other, _ = given(words, [[(1.0, 2.6)], [(2.8, 4.0)], []])
    assert [" ".join(word.text for word in said) for said in (one, other)] == [first, second]


def test_a_sentence_stays_whole_where_both_or_neither_are_heard() -> None:
    words = at("so I went back to the shop", 0.0)
    one, other, _ = given(words, [[(0.0, 1.0), (1.5, 2.2)], [(0.9, 1.3)], []])
    assert (len(one), other) == (7, [])


def test_words_of_anybody_else_are_nobodys() -> None:
    machine, reply = at("Please hold the line.", 0.0), at("Hello, this is Anna.", 3.0)
    one, other, neither = given(machine + reply, [[(3.0, 4.7)], [], [(0.0, 1.7)]])
    assert (one, other, neither) == (reply, [], machine)


def test_no_words() -> None:
    assert given([], [[(0.0, 1.0)], [], []]) == [[], [], []]


# Recordings


@pytest.fixture(scope="module")
def call(samples: Path) -> np.ndarray:
    """Two channels, a woman and a man."""
    return benchmark.load(samples / "2026-11-17_0912_dana.wav")[:, : 30 * RATE]


def test_two_on_one_channel_are_told_apart(call: np.ndarray) -> None:
    found, _ = benchmark.told_apart(call.mean(axis=0))
    errors = benchmark.error_rate(benchmark.channels(call), found.heard[:2], call.shape[1] / RATE)
    assert sum(errors.values()) < 0.1
    assert found.heard[2] == []
    assert found.confidence > 0.9


def test_one_speaker_is_undecided(call: np.ndarray) -> None:
    found, _ = benchmark.told_apart(call[0])
    assert found.confidence < SURE_OF_SPEAKERS


def test_the_reason_is_told() -> None:
    turn = Turn("unknown", "Hello, this is Anna.", 0.0, 1.0)
    call = Call("c", (turn,), language="en", channels=1, speakers_confidence=0.4)
    assert "unclear who speaks when" in (why_not_scored(call) or "")
    named = replace(turn, speaker="rep")
    assert why_not_scored(replace(call, turns=(named,), speakers_confidence=0.9)) is None


def test_block_borders_change_nothing(call: np.ndarray) -> None:
    sound = call.mean(axis=0)[: 14 * RATE]
    whole, cut = (take_apart(pieces, [(0, len(sound))], *_networks()) for pieces in ([sound], np.array_split(sound, 7)))
    assert whole.pieces == cut.pieces
    assert np.allclose(whole.voices, cut.voices)
    assert whole.pieces[-1].end <= 14


def test_hold_music_is_nobody(shared: Path) -> None:
    music = next(blocks(shared / "audio" / "hold_music.flac"))[0]
    assert benchmark.told_apart(music)[0].heard == ([], [], [])
    assert diarize([music], [(0, len(music))]).confidence < SURE_OF_SPEAKERS


def test_two_women_on_the_phone(shared: Path) -> None:
    path = shared / "audio" / "two_women_phone.flac"
    found, _ = benchmark.told_apart(benchmark.load(path)[0])
    errors = benchmark.error_rate(benchmark.from_rttm(path.with_suffix(".rttm")), found.heard[:2], 30)
    assert sum(errors.values()) <= 0.05


def test_a_call_on_one_channel_has_two_speakers(shared: Path) -> None:
    path = shared / "audio" / "two_women_phone.flac"
    call = listen(path, load_engine("faster-whisper"))
    assert {turn.speaker for turn in call.turns} == {"rep", "customer"}
    assert (call.channels, call.rep_channel) == (1, None)
    assert {stretch.speaker for stretch in call.speech} == {"rep", "customer"}
    swapped = swap(call)
    assert [turn.speaker for turn in swapped.turns] == [OTHER[turn.speaker] for turn in call.turns]
    assert [stretch.speaker for stretch in swapped.speech] == [OTHER[stretch.speaker] for stretch in call.speech]
    assert (swapped.rep_channel, swapped.rep_confidence, why_not_scored(swapped)) == (None, 1.0, None)
    truth = benchmark.from_stm(path.with_suffix(".stm"))
    sides = [[(word, role if who == "Diane" else other) for word, who in truth] for role, other in OTHER.items()]
    share, count = max(benchmark.words_right(benchmark.spoken(call), side) for side in sides)
    assert share >= 0.95 and count > 40


OTHER = {"rep": "customer", "customer": "rep"}
