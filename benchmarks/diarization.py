"""Who speaks, on one channel: how much of it is right?

    python benchmarks/diarization.py [--words] [--engine NAME] [AUDIO]

Diarization error rate (NIST): missed, falsely heard and misattributed speech over all speech; a collar of 0.25 s around
each boundary of the reference is left out, overlaps count. References: by people for `two_women_phone` in the folder
AUDIO; for calls of two channels, which are mixed into one here, the tight stretches of speech of each channel.
`--words` transcribes too, and counts the words that are given to the right speaker: those that the transcript of the
mix shares, in order, with the transcript of the two channels (or with the one that people made).
Thresholds were chosen on the synthetic calls and mixes of them; the real calls are for reporting only.
"""

import re
import sys
import tempfile
import time
import wave
from collections.abc import Sequence
from difflib import SequenceMatcher
from itertools import permutations
from pathlib import Path

import click
import numpy as np

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from coach.audio import RATE, blocks  # noqa: E402
from coach.calls import Call, Word  # noqa: E402
from coach.listen import Engine, listen, load_engine  # noqa: E402
from coach.listen.engines import NAMES  # noqa: E402
from coach.listen.speakers import Diarization, diarize  # noqa: E402
from coach.listen.speech import FRAME, find_speech  # noqa: E402

AUDIO = ROOT.parent / "shared" / "audio"
SAMPLES = ROOT / "samples" / "calls"
COLLAR = 0.25
STEP = 0.01  # seconds
LOUD = 0.04  # RMS to which pieces of different recordings are brought before they are joined
Spans = Sequence[tuple[float, float]]


def error_rate(truth: Sequence[Spans], found: Sequence[Spans], duration: float) -> dict[str, float]:
    """Missed, false and confused speech, each over all speech, with the best mapping of speakers."""
    steps = round(duration / STEP) + 1
    reference, heard = (np.stack([_mask(spans, steps) for spans in side]) for side in (truth, found))
    edges = [(edge - COLLAR, edge + COLLAR) for spans in truth for span in spans for edge in span]
    kept = ~_mask(edges, steps)
    reference, heard = reference[:, kept], heard[:, kept]
    spoken, said = reference.sum(axis=0), heard.sum(axis=0)
    orders = permutations(range(len(heard)), min(len(reference), len(heard)))
    right = max((reference[: len(order)] & heard[list(order)]).sum() for order in orders)
    total = spoken.sum()
    return {
        "missed": float(np.maximum(spoken - said, 0).sum() / total),
        "false": float(np.maximum(said - spoken, 0).sum() / total),
        "confused": float((np.minimum(spoken, said).sum() - right) / total),
    }


def _mask(spans: Spans, steps: int) -> np.ndarray:
    mask = np.zeros(steps, bool)
    for start, end in spans:
        mask[max(0, round(start / STEP)) : max(0, round(end / STEP))] = True
    return mask


def load(path: Path) -> np.ndarray:
    return np.concatenate(list(blocks(path)), axis=1)


def in_blocks(sound: np.ndarray) -> list[np.ndarray]:
    return np.split(sound, range(1875 * FRAME, sound.shape[-1], 1875 * FRAME), axis=-1)


def told_apart(sound: np.ndarray) -> tuple[Diarization, float]:
    """Of one channel, and the processor time that the diarization itself took, in seconds."""
    speech = find_speech(in_blocks(sound[None]))
    start = time.process_time()
    return diarize(in_blocks(sound), speech.regions[0]), time.process_time() - start


def channels(sound: np.ndarray) -> list[Spans]:
    return list(find_speech(in_blocks(sound)).stretches)


def from_rttm(path: Path) -> list[Spans]:
    spans: dict[str, list[tuple[float, float]]] = {}
    for line in path.read_text(encoding="utf-8").splitlines():
        _, _, _, start, length, _, _, speaker, *_ = line.split()
        spans.setdefault(speaker, []).append((float(start), float(start) + float(length)))
    return list(spans.values())


def later(spans: Spans, by: float) -> Spans:
    return [(start + by, end + by) for start, end in spans]


def levelled(sound: np.ndarray) -> np.ndarray:
    return sound * np.float32(LOUD / np.sqrt(np.square(sound).mean()))


def mixes(audio: Path) -> dict[str, tuple[np.ndarray, list[Spans]]]:
    """Each: one channel, and when each of the two who talk with each other is heard on it."""
    made = {}
    for path in sorted(SAMPLES.glob("2026*")):
        sound = load(path)
        made[path.stem] = sound.mean(axis=0), channels(sound)
    if audio.exists():
        made |= with_others(audio, made)
        made["two_women_phone"] = load(audio / "two_women_phone.flac")[0], from_rttm(audio / "two_women_phone.rttm")
        for name in ("repair_shop_40", "repair_shop_49"):
            sound = load(audio / f"{name}.flac")
            made[name] = sound.mean(axis=0), channels(sound)
    return made


def with_others(audio: Path, calls: dict[str, tuple[np.ndarray, list[Spans]]]) -> dict:
    """A machine's greeting before a call, music in the middle of one, another rep after a transfer."""
    sound, truth = calls["2026-11-18_1120_priya"]
    greeting = load(audio / "read_speech_phone.flac")[0, 5 * RATE : 23 * RATE]
    greeted = np.concatenate([levelled(greeting), levelled(sound)])
    music = load(audio / "hold_music.flac")[0, : 25 * RATE]
    at = next(end for _, end in truth[0] if end > 40 and not any(a - 0.2 < end < b + 0.2 for a, b in truth[1]))
    held = np.concatenate([sound[: round(at * RATE)], levelled(music) / 2, sound[round(at * RATE) :]])
    around = [[(a + 25 * (a >= at), b + 25 * (b > at)) for a, b in spans] for spans in truth]
    return {
        "a machine's greeting first": (greeted, [later(spans, 18) for spans in truth]),
        "hold music in the middle": (held, around),
        "handed on to another rep": handed_on(),
    }


def handed_on() -> tuple[np.ndarray, list[Spans]]:
    """Colin and Grace, then Dana and Grace, a turn each: the two are Dana and Grace, who talk the longest."""
    colin, dana = (turns(SAMPLES / f"2026-11-17_{name}.wav", 0) for name in ("1034_colin", "0912_dana"))
    grace = turns(SAMPLES / "2026-11-17_1034_colin.wav", 1)
    heard: tuple[list, list] = ([], [])  # Dana, Grace
    at, sounds = 0.0, []
    for rep, customer in zip(colin[:2] + dana[2:], grace, strict=False):
        for speaker, sound in enumerate((rep, customer)):
            if speaker == 1 or not any(rep is turn for turn in colin):
                heard[speaker].append((at, at + len(sound) / RATE))
            sounds += [sound, np.zeros(round(0.3 * RATE), np.float32)]
            at += len(sound) / RATE + 0.3
    return np.concatenate(sounds), list(heard)


def turns(path: Path, channel: int) -> list[np.ndarray]:
    """What one channel says, apart from pauses of a second and more."""
    sound = load(path)
    joined: list[list[float]] = []
    for start, end in channels(sound)[channel]:
        if joined and start - joined[-1][1] < 1:
            joined[-1][1] = end
        else:
            joined.append([start, end])
    return [levelled(sound[channel, round(a * RATE) : round(b * RATE)]) for a, b in joined if b - a > 1]


def words_right(said: Sequence[tuple[str, str]], truth: Sequence[tuple[str, str]]) -> tuple[float, int]:
    """The share of words with the right speaker, of the words found in both: (word, speaker) in the order of time."""
    matcher = SequenceMatcher(None, [_plain(word) for word, _ in said], [_plain(word) for word, _ in truth], False)
    same = matcher.get_matching_blocks()
    pairs = [(said[a + i][1], truth[b + i][1]) for a, b, size in same for i in range(size)]
    return sum(one == other for one, other in pairs) / max(1, len(pairs)), len(pairs)


def _plain(word: str) -> str:
    return re.sub(r"[^\w']", "", word.lower())


def spoken(call: Call) -> list[tuple[str, str]]:
    words: list[tuple[Word, str]] = [(word, turn.speaker) for turn in call.turns for word in turn.words]
    return [(word.text, speaker) for word, speaker in sorted(words, key=lambda pair: pair[0].start)]


def from_stm(path: Path) -> list[tuple[str, str]]:
    lines = [line.split() for line in path.read_text(encoding="utf-8").splitlines() if line.strip()]
    return [(word, line[2]) for line in sorted(lines, key=lambda line: float(line[3])) for word in line[5:]]


def print_words(audio: Path, engine: Engine) -> None:
    print("\n| call | words in both transcripts | with the right speaker | rep | speakers, rep: sure |")
    print("| --- | --- | --- | --- | --- |")
    for path in [*sorted(SAMPLES.glob("2026*")), *(audio / f"repair_shop_{i}.flac" for i in (40, 49))]:
        if not path.exists():
            continue
        truth = listen(path, engine)
        with tempfile.TemporaryDirectory() as folder:
            mixed = save(Path(folder) / "mix.wav", load(path).mean(axis=0))
            call = listen(mixed, engine)
        share, count = words_right(spoken(call), spoken(truth))
        sure = f"{call.speakers_confidence:.2f}, {call.rep_confidence or 0:.2f}"
        print(f"| {path.stem} | {count} | {share:.1%} | {'right' if share > 0.5 else 'WRONG'} | {sure} |", flush=True)
    women = audio / "two_women_phone.flac"
    if women.exists():
        call, truth = listen(women, engine), from_stm(women.with_suffix(".stm"))
        one, *_ = {speaker for _, speaker in truth}
        shares = [
            words_right(spoken(call), [(w, a if s == one else b) for w, s in truth])
            for a, b in (("rep", "customer"), ("customer", "rep"))
        ]
        share, count = max(shares)
        print(f"| two_women_phone | {count} | {share:.1%} | nobody | {call.speakers_confidence:.2f}, - |")


def save(path: Path, sound: np.ndarray) -> Path:
    with wave.open(str(path), "wb") as wav:
        wav.setnchannels(1)
        wav.setsampwidth(2)
        wav.setframerate(RATE)
        wav.writeframes((sound.clip(-1, 1) * 32767).astype("<i2").tobytes())
    return path


@click.command(help=__doc__)
@click.argument("audio", type=click.Path(path_type=Path), default=AUDIO)
@click.option("--words", is_flag=True, help="Transcribe too, and count the words with the right speaker.")
@click.option("--engine", type=click.Choice(list(NAMES)), default="openai-whisper", help="What transcribes.")
def main(audio: Path, words: bool, engine: str) -> None:
    print("| one channel | error | missed | false | confused | confidence | processor time a second |")
    print("| --- | --- | --- | --- | --- | --- | --- |")
    for name, (sound, truth) in mixes(audio).items():
        found, seconds = told_apart(sound)
        duration = len(sound) / RATE
        parts = error_rate(truth, found.heard[:2], duration)
        shares = " | ".join(f"{part:.1%}" for part in (sum(parts.values()), *parts.values()))
        print(f"| {name} | {shares} | {found.confidence:.2f} | {seconds / duration:.3f} |", flush=True)
    if words:
        print_words(audio, load_engine(engine))


if __name__ == "__main__":
    main()
