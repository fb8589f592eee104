"""How true are rate, pauses, gaps, overlaps and silences? Conversations on two channels, built so that all is known.

    python benchmarks/timing.py [SPEECH] [--calls N] [--turns N] [--no-words]

SPEECH is read speech, cut at its own silences (0.25 s and more that are 25 dB below its loud parts) and put together
anew: turns with inserted pauses, gaps and silences between them, interruptions that win the floor and such that give
way, and back-channels. What is placed is known to the sample. Each conversation is measured as it is, through a
telephone's band and mu-law, and so with white noise 20 and 10 dB below the speech.

Then the same speech is played faster and slower (FFmpeg's `atempo`, which keeps the pitch) and the ratio of the
measured rates is held against the factor of the durations: once with the true words, and once the whole way, with the
words that the transcriber hears.
"""

import sys
import tempfile
import wave
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import av
import click
import numpy as np
from scipy.ndimage import binary_opening
from scipy.signal import butter, resample_poly, sosfiltfilt

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from coach.audio import RATE, blocks  # noqa: E402
from coach.calls import Call, Speaker, Turn, Word  # noqa: E402
from coach.delivery.spurts import joined, of_turns, spurts  # noqa: E402
from coach.delivery.timing import deliveries, pauses, timing  # noqa: E402
from coach.listen import listen, load_engine  # noqa: E402
from coach.listen.speech import find_speech  # noqa: E402
from coach.listen.stretches import stretches  # noqa: E402

AUDIO = ROOT.parent / "shared" / "audio"
SPEAKERS: tuple[Speaker, Speaker] = ("rep", "customer")
LINES = {
    "as it is": (None, False),
    "telephone": (None, True),
    "telephone, 20 dB": (20, True),
    "telephone, 10 dB": (10, True),
}
FACTORS = (0.8, 0.9, 1.1, 1.25, 1.4)
HEARD_FACTORS = (0.8, 1.25)
STEP = RATE // 100
BELOW = 25.0  # dB below its loud parts, where read speech is silent; weaker, or under 30 ms, is breath and lips
DOUBTFUL = 0.3  # seconds: natural silences near the 0.25 s of a pause are neither right nor wrong
Spans = list[tuple[float, float]]


@dataclass
class Scene:
    """A conversation under construction, and what is true of it. Times in seconds."""

    sound: np.ndarray
    turns: list[Turn] = field(default_factory=list)
    pauses: Spans = field(default_factory=list)
    gaps: dict[int, float] = field(default_factory=dict)
    overlaps: list[tuple[float, float, Speaker, Speaker]] = field(default_factory=list)
    silences: Spans = field(default_factory=list)
    end: float = 1.0

    def say(
        self, speaker: Speaker, clips: Sequence[np.ndarray], at: float, pauses: Sequence[float], words: int = 9
    ) -> None:
        start = at
        for clip, pause in zip(clips, (*pauses, 0.0), strict=True):
            first = round(at * RATE)
            self.sound[SPEAKERS.index(speaker), first : first + len(clip)] += clip
            at = (first + len(clip)) / RATE
            if pause:
                if speaker == "rep":
                    self.pauses.append((at, at + pause))
                at += pause
        each = (at - start) / words
        said = tuple(Word("word", start + i * each, start + (i + 1) * each) for i in range(words))
        self.turns.append(Turn(speaker, " ".join(w.text for w in said), start, at, said))


def scene(clips: Sequence[np.ndarray], chance: np.random.Generator, seconds: int = 180) -> Scene:
    """About three minutes of talk; who speaks, how they meet and how long they pause is drawn by lot."""
    made = Scene(np.zeros((2, (seconds + 90) * RATE), np.float32))
    speaker, meet = SPEAKERS[int(chance.integers(2))], "first"
    while made.end < seconds:
        other = SPEAKERS[1 - SPEAKERS.index(speaker)]
        said = [*_drawn(clips, chance, int(chance.integers(3)), 2.3), *_drawn(clips, chance, 1, 2.6)]
        before, at = made.end, made.end + _offset(meet, chance)
        if meet == "wins":
            made.overlaps.append((at, before, speaker, other))
        if meet == "silence":
            made.silences.append((before, at))
        if speaker == "rep" and meet != "first":
            made.gaps[len(made.turns)] = at - before
        made.say(speaker, said, at, chance.uniform(0.35, 1.6, len(said) - 1).tolist())
        made.end = made.turns[-1].end or 0.0
        free_from = max(made.end - len(said[-1]) / RATE + 0.5, before + 1.0)
        aside = _aside(made, clips, chance, other, free_from)
        speaker, meet = other, "gap" if aside else str(chance.choice(["gap", "wins", "silence"], p=[0.55, 0.35, 0.1]))
    return made


def _drawn(
    clips: Sequence[np.ndarray], chance: np.random.Generator, count: int, least: float, most: float = 99.0
) -> list[np.ndarray]:
    fit = [clip for clip in clips if least * RATE < len(clip) < most * RATE]
    return [fit[i] for i in chance.integers(len(fit), size=count)]


def _offset(meet: str, chance: np.random.Generator) -> float:
    """Seconds from the end of what was said before."""
    ways = {"first": (0.0, 0.0), "wins": (-2.0, -0.5), "silence": (3.3, 8.0), "gap": (0.15, 1.5)}
    return float(chance.uniform(*ways[meet]))


def _aside(made: Scene, clips: Sequence[np.ndarray], chance: np.random.Generator, speaker: Speaker, at: float) -> bool:
    """At times the listener says something while the other goes on: a back-channel, or more that gives way."""
    kind = chance.choice(["none", "back-channel", "gives way"], p=[0.4, 0.3, 0.3])
    [clip] = _drawn(clips, chance, 1, 0.25, 0.9) if kind == "back-channel" else _drawn(clips, chance, 1, 0.6, 1.6)
    at += float(chance.uniform(0.0, 1.0))
    if kind == "none" or at + len(clip) / RATE > made.end - 0.3:
        return False
    made.say(speaker, [clip], at, (), words=1 if kind == "back-channel" else 4)
    if kind == "gives way":
        made.overlaps.append((at, at + len(clip) / RATE, speaker, speaker))
    return True


def through(sound: np.ndarray, snr: float | None, telephone: bool, chance: np.random.Generator) -> np.ndarray:
    """The sound at the other end of the line; noise is measured against each channel's own speech."""
    heard = sound.astype(np.float64)
    for channel in heard if snr is not None else ():
        speech = np.sqrt(np.mean(channel[np.abs(channel) > 0] ** 2))
        channel += chance.normal(0, speech * 10 ** (-(snr or 0) / 20), len(channel))
    if telephone:
        band = butter(4, (300, 3400), "band", fs=8000, output="sos")
        coded = _mu_law(sosfiltfilt(band, resample_poly(heard, 1, 2, axis=1), axis=1))
        heard = resample_poly(coded, 2, 1, axis=1)[:, : sound.shape[1]]
    return heard.astype(np.float32)


def _mu_law(sound: np.ndarray) -> np.ndarray:
    coded = np.round(np.sign(sound) * np.log1p(255 * np.abs(sound).clip(0, 1)) / np.log1p(255) * 127) / 127
    return np.sign(coded) * np.expm1(np.abs(coded) * np.log1p(255)) / 255


def cut_at_silences(sound: np.ndarray) -> list[np.ndarray]:
    level = 10 * np.log10(np.square(sound[: len(sound) // STEP * STEP].reshape(-1, STEP)).mean(axis=1) + 1e-10)
    loud = np.flatnonzero(binary_opening(level > np.percentile(level, 95) - BELOW, np.ones(3)))
    groups = np.split(loud, np.flatnonzero(np.diff(loud) > 25) + 1)
    return [sound[group[0] * STEP : (group[-1] + 1) * STEP] for group in groups if len(group) > 20]


def stretched(sound: np.ndarray, factor: float) -> np.ndarray:
    graph = av.filter.Graph()
    source = graph.add_abuffer(sample_rate=RATE, format="flt", layout="mono", time_base=f"1/{RATE}")  # type: ignore[arg-type]
    tempo, sink = graph.add("atempo", str(factor)), graph.add("abuffersink")
    source.link_to(tempo)
    tempo.link_to(sink)
    graph.configure()
    frame = av.AudioFrame.from_ndarray(np.ascontiguousarray(sound[None], np.float32), format="flt", layout="mono")
    frame.sample_rate = RATE
    graph.push(frame)
    graph.push(None)
    pieces = []
    while True:
        try:
            pieces.append(graph.pull().to_ndarray().reshape(-1))
        except (av.error.BlockingIOError, av.error.EOFError):
            return np.concatenate(pieces)


def measured(sound: np.ndarray, turns: Sequence[Turn]) -> Call:
    """A call whose words are known, and whose speech is found in the sound."""
    found = find_speech(np.split(sound, range(512 * 1875, sound.shape[1], 512 * 1875), axis=1))
    heard = stretches(list(zip(SPEAKERS, found.stretches, strict=True)))
    return Call("benchmark", tuple(sorted(turns, key=lambda turn: turn.start or 0.0)), speech=heard)


def matched(true: Spans, found: Spans) -> list[tuple[tuple[float, float], tuple[float, float]]]:
    """Pairs that share more than half of both together; each is used once."""
    pairs, left = [], list(found)
    for span in true:
        best = max(left, key=lambda other: _shared(span, other), default=None)
        if best is not None and _shared(span, best) > 0.5:
            pairs.append((span, best))
            left.remove(best)
    return pairs


def _shared(one: tuple[float, float], other: tuple[float, float]) -> float:
    both = min(one[1], other[1]) - max(one[0], other[0])
    return both / (max(one[1], other[1]) - min(one[0], other[0]))


class Tally:
    """Errors at edges, in seconds, and what was found, missed and invented."""

    def __init__(self) -> None:
        self.errors: list[float] = []
        self.true = self.found = self.hit = 0

    def spans(self, true: Spans, found: Spans, doubtful: float = 0.0) -> None:
        """What is found and matches nothing does not count where it is shorter than `doubtful`."""
        pairs = matched(true, found)
        sure = {here for _, here in pairs}
        found = [span for span in found if span in sure or span[1] - span[0] >= doubtful]
        self.true, self.found, self.hit = self.true + len(true), self.found + len(found), self.hit + len(pairs)
        self.errors += [there - here for a, b in pairs for here, there in zip(a, b, strict=True)]

    def __str__(self) -> str:
        away, f1 = np.abs(self.errors) * 1000, 2 * self.hit / (self.true + self.found)
        bias, middle, most = np.median(self.errors) * 1000, np.median(away), np.percentile(away, 95)
        return f"{self.true} | {f1:.3f} | {bias:+.0f} | {middle:.0f} | {most:.0f}"


def compare(made: Scene, call: Call, tallies: dict[str, Tally], roles: list[bool]) -> None:
    whole, found = spurts(call), timing(call)
    assert found is not None
    paused = [span for own in of_turns(call, "rep", whole).values() if own for span in pauses(own, whole)]
    tallies["pauses"].spans(made.pauses, paused, DOUBTFUL)
    tallies["silences"].spans(made.silences, [(silence.start, silence.end) for silence in found.silences])
    tallies["overlaps"].spans([o[:2] for o in made.overlaps], [(o.start, o.end) for o in found.overlaps])
    for start, end, started, yielded in made.overlaps:
        for overlap in found.overlaps:
            if _shared((start, end), (overlap.start, overlap.end)) > 0.5:
                roles.append((started, yielded) == (overlap.started, overlap.yielded))
    gaps = {turn.start: delivery.gap for turn, delivery in zip(call.turns, deliveries(call), strict=True) if delivery}
    for turn, true in made.gaps.items():
        measured_gap = gaps[made.turns[turn].start]
        tallies["gaps"].true += 1
        if measured_gap is not None and abs(measured_gap - true) < 0.5:
            tallies["gaps"].hit += 1
            tallies["gaps"].errors.append(measured_gap - true)
        tallies["gaps"].found += measured_gap is not None


def meetings(clips: Sequence[np.ndarray], calls: int) -> None:
    print("| line | what | true | F1 | bias, ms | median, ms | 95 %, ms |\n" + "| --- " * 7 + "|")
    for line, (snr, telephone) in LINES.items():
        tallies: dict[str, Tally] = defaultdict(Tally)
        roles: list[bool] = []
        for call in range(calls):
            chance = np.random.default_rng(call)
            made = scene(clips, chance)
            compare(made, measured(through(made.sound, snr, telephone, chance), made.turns), tallies, roles)
        edges(clips, snr, telephone, tallies)
        for what in ("starts", "ends", "pauses", "gaps", "overlaps", "silences"):
            print(f"| {line} | {what} | {tallies[what]} |", flush=True)
        print(f"| {line} | who came in, who gave way | {len(roles)} | {np.mean(roles):.3f} right | | | |", flush=True)


def edges(clips: Sequence[np.ndarray], snr: float | None, telephone: bool, tallies: dict[str, Tally]) -> None:
    """Each clip once, by itself."""
    made = Scene(np.zeros((2, sum(map(len, clips)) + (len(clips) + 2) * RATE), np.float32))
    for clip in clips:
        made.say("rep", [clip], made.end, ())
        made.end = (made.turns[-1].end or 0.0) + 1.0
    call = measured(through(made.sound, snr, telephone, np.random.default_rng(0)), made.turns)
    heard = joined(((stretch.start, stretch.end) for stretch in call.speech), 0.5)
    true = [(turn.start or 0.0, turn.end or 0.0) for turn in made.turns]
    pairs = matched(true, heard)
    for side, what in enumerate(("starts", "ends")):
        tallies[what].true, tallies[what].found, tallies[what].hit = len(true), len(heard), len(pairs)
        tallies[what].errors = [there[side] - here[side] for here, there in pairs]


def reading(clips: Sequence[np.ndarray], factor: float) -> tuple[np.ndarray, list[Turn]]:
    """Rep turns of about ten seconds, played `factor` times as fast, each answered by a short customer's."""
    made = Scene(np.zeros((2, int(sum(map(len, clips)) / min(1.0, factor)) + 300 * RATE), np.float32))
    answer = min(clips, key=lambda clip: abs(len(clip) - 1.2 * RATE))
    group: list[np.ndarray] = []
    for clip in clips:
        group.append(clip)
        if sum(map(len, group)) > 9 * RATE:
            made.say(
                "rep",
                [stretched(c, factor) if factor != 1 else c for c in group],
                made.end + 0.5,
                [0.5] * (len(group) - 1),
                30,
            )
            made.end = (made.turns[-1].end or 0.0) + 0.5
            made.say("customer", [answer], made.end, (), words=4)
            made.end, group = made.turns[-1].end or 0.0, []
    return made.sound[:, : round((made.end + 1) * RATE)], made.turns


def ratios(slow: Sequence[float | None], fast: Sequence[float | None], factor: float) -> np.ndarray:
    """Measured factor over the true one, of each turn."""
    return np.array([b / a / factor for a, b in zip(slow, fast, strict=True) if a and b])


def rates(call: Call) -> list[float | None]:
    return [delivery.rate for delivery in deliveries(call) if delivery]


def tempo(clips: Sequence[np.ndarray], words: bool) -> None:
    print("\n| line | words | factor | rate error, % (all) | a turn: median, % | 95 %, % |\n" + "| --- " * 6 + "|")
    engine = load_engine("faster-whisper") if words else None
    for line, (snr, telephone) in LINES.items():
        known: dict[float, list[float | None]] = {}
        for factor in (1.0, *(HEARD_FACTORS if words else FACTORS)):
            sound, turns = reading(clips, factor)
            heard = through(sound, snr, telephone, np.random.default_rng(0))
            if engine is None:
                known[factor] = rates(measured(heard, turns))
            else:
                known[factor] = rates(_as_placed(listened(heard, engine), turns))
            if factor != 1:
                error = 100 * (ratios(known[1.0], known[factor], factor) - 1)
                away = np.abs(error)
                what = "as heard" if words else "true"
                turn = f"{np.median(away):.1f} | {np.percentile(away, 95):.1f}"
                print(f"| {line} | {what} | {factor} | {error.mean():+.1f} | {turn} |", flush=True)


def listened(sound: np.ndarray, engine) -> Call:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "call.wav"
        with wave.open(str(path), "wb") as wav:
            wav.setnchannels(2)
            wav.setsampwidth(2)
            wav.setframerate(RATE)
            wav.writeframes((sound.T.clip(-1, 1) * 32767).astype("<i2").tobytes())
        return listen(path, engine, rep_channel=0)


def _as_placed(call: Call, turns: Sequence[Turn]) -> Call:
    """The words that were heard, in the turns that were placed: what is heard otherwise must not shift the pairs."""
    said = [(turn.speaker, word) for turn in call.turns for word in turn.words]
    placed = []
    for turn in turns:
        words = tuple(
            w for s, w in said if s == turn.speaker and (turn.start or 0) < (w.start + w.end) / 2 < (turn.end or 0)
        )
        placed.append(replace(turn, text=" ".join(w.text for w in words), words=words))
    return replace(call, turns=tuple(placed))


@click.command(help=__doc__)
@click.argument("speech", type=click.Path(exists=True, path_type=Path), default=AUDIO / "read_speech_phone.flac")
@click.option("--calls", default=10, show_default=True, help="Conversations of three minutes.")
@click.option("--words/--no-words", default=True, help="Measure the rate the whole way, too: slow.")
@click.option("--turns", default=8, show_default=True, help="Rep turns for the rate, of ten seconds each.")
def main(speech: Path, calls: int, words: bool, turns: int) -> None:
    clips = cut_at_silences(np.concatenate(list(blocks(speech)), axis=1)[0])
    meetings(clips, calls)
    enough = int(np.searchsorted(np.cumsum([len(clip) for clip in clips]), turns * 10 * RATE)) + 1
    for heard in (False, True) if words else (False,):
        tempo(clips[:enough], heard)


if __name__ == "__main__":
    main()
