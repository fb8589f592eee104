"""How right are pitch, its range and loudness? Measured on voices of which all three are known.

    python benchmarks/voice.py [--turns N] [--each]

Turns of the sample calls (and of real calls to a repair shop, where ../shared is there) are taken apart by WORLD
(Morise et al. 2016) and spoken again with an F0 that is set: as it was, 3 semitones lower and half as lively, 3 higher
and livelier, or flat. The bass that the telephone took is given back, so that "clean" has its fundamental. The turns
of a voice make one call, each with a gain of -6 to +6 dB, which is then put through a telephone (300-3400 Hz, 8 kHz,
mu-law), with hiss or the babble of the other voices on the line. SNR is the whole call's: a turn with -6 dB has less.

Truth: pitch and range of the F0 that was set; for loudness the gain, on top of what the same turn measures clean and
without gains. On target is what is wrong by at most 0.5 semitones in pitch, 1 in range, 1 dB, of the turns that are
measured at all.
"""

import sys
import tempfile
import time
import wave
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import click
import numpy as np
import pyworld
from scipy.signal import butter, medfilt, resample_poly, sosfilt

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from coach.audio import RATE, blocks  # noqa: E402
from coach.calls import Call, Stretch, Turn  # noqa: E402
from coach.delivery.voice import ENOUGH, Voice, voices  # noqa: E402
from coach.listen.speech import find_speech  # noqa: E402

SAMPLES, AUDIO = ROOT / "samples" / "calls", ROOT.parent / "shared" / "audio"
FILES = [
    SAMPLES / "2026-11-17_0912_dana.wav",
    SAMPLES / "2026-11-18_1120_priya.ogg",
    SAMPLES / "2026-11-19_1618_colin.mp3",
    AUDIO / "repair_shop_40.flac",
    AUDIO / "repair_shop_49.flac",
]
SET = [(0, 1.0), (-3, 0.5), (3, 1.4), (0, 0.05)]  # semitones, and how many times as lively
GAINS = [0, 6, -6, 3, -3]  # dB
STEP = 0.005  # seconds, of WORLD
BASS = 350  # Hz, below which a telephone's spectrum is given back
PEAK, GAP = 0.15, 0.8  # of full scale; seconds between turns
BAND = butter(6, [300, 3400], "bandpass", fs=8000, output="sos")
CONDITIONS: dict[str, tuple[str, int] | None] = {
    "clean": None,
    "telephone": ("none", 0),
    "telephone, hiss 20 dB": ("hiss", 20),
    "telephone, hiss 10 dB": ("hiss", 10),
    "telephone, babble 20 dB": ("babble", 20),
    "telephone, babble 10 dB": ("babble", 10),
}
TARGETS = {"pitch": 0.5, "range": 1.0, "loudness": 1.0}


@dataclass(frozen=True, slots=True)
class Spoken:
    """A turn with a known F0 (Hz, 0 where unvoiced, each STEP)."""

    sound: np.ndarray
    f0: np.ndarray


def utterances(sound: np.ndarray, wanted: int) -> list[np.ndarray]:
    """The first stretches of 2 s and more, pauses under 0.8 s in them."""
    found: list[tuple[int, int]] = []
    for first, last in find_speech([sound[None]]).regions[0]:
        if found and first - found[-1][1] < GAP * RATE and last - found[-1][0] < 8 * RATE:
            found[-1] = (found[-1][0], last)
        else:
            found.append((first, last))
    return [sound[a:b].astype(np.float64) for a, b in found if b - a > 2 * RATE][:wanted]


def spoken_again(sound: np.ndarray) -> list[Spoken]:
    """The utterance once for each F0 of SET; none where it is hardly voiced."""
    f0, times = pyworld.harvest(sound, RATE, 70, 400, 1000 * STEP)
    spectrum, noise = pyworld.cheaptrick(sound, f0, times, RATE), pyworld.d4c(sound, f0, times, RATE)
    bass = np.fft.rfftfreq(2 * (spectrum.shape[1] - 1), 1 / RATE) < BASS
    spectrum[:, bass] = spectrum[:, [bass.sum()]]
    spectrum[:, 0] /= 100
    level = 10 * np.log10(spectrum.sum(axis=1))
    near = (f0 > 0.6 * np.median(f0[f0 > 0])) & (f0 < 1.7 * np.median(f0[f0 > 0]))
    voiced = (medfilt(near.astype(float), 13) > 0.5) & (level > np.percentile(level, 95) - 30)
    if voiced.sum() * STEP < 1.5 * ENOUGH:
        return []
    at = np.flatnonzero(near)
    melody = medfilt(12 * np.log2(np.interp(np.arange(len(f0)), at, f0[at])), 7)
    middle = np.median(melody[voiced])
    tunes = [2 ** ((middle + shift + lively * (melody - middle)) / 12) * voiced for shift, lively in SET]
    sounds = [pyworld.synthesize(tune, spectrum, noise, RATE, 1000 * STEP) for tune in tunes]
    return [Spoken(y * PEAK / np.abs(y).max(), tune) for y, tune in zip(sounds, tunes, strict=True)]


def one_call(turns: list[Spoken], gains: np.ndarray) -> tuple[Call, np.ndarray]:
    """The turns one after the other, as a call and its sound."""
    pieces, speech, at = [np.zeros(RATE)], [], 1.0
    for turn, gain in zip(turns, gains, strict=True):
        pieces += [turn.sound * 10 ** (gain / 20), np.zeros(int(GAP * RATE))]
        speech.append(Stretch("rep", at, at + len(turn.sound) / RATE))
        at += len(turn.sound) / RATE + int(GAP * RATE) / RATE
    said = tuple(Turn("rep", "...", stretch.start, stretch.end) for stretch in speech)
    return Call("known", said, channels=1, speech=tuple(speech)), np.concatenate(pieces)


def telephone(sound: np.ndarray, noise: np.ndarray, snr: float) -> np.ndarray:
    """`snr` dB in the telephone's band, where there is speech; no noise at all where `noise` is silent."""
    line, added = (sosfilt(BAND, resample_poly(x, 1, 2)) for x in (sound, noise[: len(sound)]))
    if added.any():
        speech = np.square(line)[np.abs(line) > 0.02 * np.abs(line).max()].mean()
        line = line + added * np.sqrt(speech / np.square(added).mean()) * 10 ** (-snr / 20)
    squeezed = np.round(127 * np.sign(line) * np.log1p(255 * np.abs(line).clip(0, 1)) / np.log(256)) / 127
    return resample_poly(np.sign(squeezed) * (256 ** np.abs(squeezed) - 1) / 255, 2, 1)


def noises(said: dict[str, list[Spoken]], who: str, length: int) -> dict[str, np.ndarray]:
    others = [np.concatenate([turn.sound for turn in turns[:8]]) for name, turns in said.items() if name != who]
    babble = sum(np.resize(np.roll(other, len(other) // 3), length) / other.std() for other in others)
    return {"none": np.zeros(length), "hiss": np.random.default_rng(7).normal(size=length), "babble": np.array(babble)}


def heard(call: Call, sound: np.ndarray) -> tuple[list[Voice | None], float]:
    """What `voices` measures, and the seconds of processor it takes."""
    with tempfile.NamedTemporaryFile(suffix=".wav") as file:
        with wave.open(file, "wb") as wav:
            wav.setparams((1, 2, RATE, 0, "NONE", ""))
            wav.writeframes((sound.clip(-1, 1) * 32767).round().astype("<i2").tobytes())
        begin = time.process_time()
        return voices(call, file.name), time.process_time() - begin


def semitones(ratio: float) -> float:
    return 12 * float(np.log2(ratio))


def errors(
    turns: list[Spoken], gains: np.ndarray, plain: list[Voice | None], found: list[Voice | None]
) -> Iterator[dict[str, float]]:
    """How wrong each turn is; NaN where nothing was measured."""
    both = [i for i, (a, b) in enumerate(zip(plain, found, strict=True)) if a and b]
    expected = np.array([voice.loudness if voice else np.nan for voice in plain]) + gains
    expected -= np.median(expected[both]) if both else 0.0
    for turn, voice, loudness in zip(turns, found, expected, strict=True):
        low, middle, high = np.percentile(turn.f0[turn.f0 > 0], [10, 50, 90])
        yield {
            "pitch": semitones(voice.pitch / middle) if voice else np.nan,
            "range": voice.pitch_range - semitones(high / low) if voice else np.nan,
            "loudness": voice.loudness - loudness if voice else np.nan,
        }


@click.command(help=__doc__)
@click.option("--turns", default=4, show_default=True, help="Utterances of each voice; each is spoken four times.")
@click.option("--each", is_flag=True, help="Print each voice by itself.")
def main(turns: int, each: bool) -> None:
    said: dict[str, list[Spoken]] = {}
    for path in filter(Path.exists, FILES):
        for channel, sound in enumerate(np.concatenate(list(blocks(path)), axis=1)):
            spoken = [again for utterance in utterances(sound, turns) for again in spoken_again(utterance)]
            said[f"{path.stem} {channel}"] = spoken
    wrong: dict[str, dict[str, list[dict[str, float]]]] = {name: {} for name in CONDITIONS}
    seconds = work = 0.0
    for who, spoken in said.items():
        gains = np.resize(GAINS, len(spoken)).astype(float)
        plain, _ = heard(*one_call(spoken, 0 * gains))
        call, sound = one_call(spoken, gains)
        noise = noises(said, who, len(sound))
        for name, line in CONDITIONS.items():
            found, took = heard(call, telephone(sound, noise[line[0]], line[1]) if line else sound)
            wrong[name][who] = list(errors(spoken, gains, plain, found))
            seconds, work = seconds + len(sound) / RATE, work + took
    for measure, target in TARGETS.items():
        print(f"\n| {measure} | turns | measured | half are within | 95 % within | on target | in the worst voice |")
        print("| --- | --- | --- | --- | --- | --- | --- |")
        for name, voice in wrong.items():
            _row(name, {who: np.abs([turn[measure] for turn in turns]) for who, turns in voice.items()}, target)
        if each:
            for who in said:
                _row(who, {name: np.abs([turn[measure] for turn in wrong[name][who]]) for name in wrong}, target)
    print(f"\n{seconds:.0f} s of calls took {work:.1f} s of processor time: {work / seconds:.4f} of their length.")


def _row(name: str, parts: dict[str, np.ndarray], target: float) -> None:
    turns = sum(map(len, parts.values()))
    measured = [part[~np.isnan(part)] for part in parts.values() if not np.isnan(part).all()]
    if not measured:
        print(f"| {name} | {turns} | 0% | | | | |")
        return
    found = np.concatenate(measured)
    half, most = np.percentile(found, [50, 95], method="lower")
    worst = min((part <= target).mean() for part in measured)
    shares = f"{(found <= target).mean():.1%} | {worst:.0%}"
    print(f"| {name} | {turns} | {len(found) / turns:.0%} | {half:.2f} | {most:.2f} | {shares} |")


if __name__ == "__main__":
    main()
