"""How many calls until a rep's usual has settled, and how often is ordinary talk remarked on?

    python benchmarks/usual.py [FOLDER]

FOLDER holds the transcripts of PriMock57 (CC BY 4.0, github.com/babylonhealth/primock57): mock consultations by real
doctors on five days. The doctor counts as the rep, and the consultations of a day as one rep's, though some days had
more than one doctor: a rep's own usual settles sooner. Only words and the times of utterances are known of them, so
that the rate is that of utterances, pauses included, and varies more than that of speech; gaps and overlaps hang on
tenths of a second and are left out. Nobody noted anything about how they spoke: it is ordinary talk, in which a remark
is most likely one too many.
"""

import random
import sys
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from statistics import median

import click

ROOT = Path(__file__).parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "benchmarks")]

from real_talk import FOLDER, _said, consultation  # noqa: E402

from coach.calls import Call, Review, Stretch  # noqa: E402
from coach.delivery.remarks import remarks  # noqa: E402
from coach.delivery.timing import deliveries, timing  # noqa: E402
from coach.delivery.usual import Summary, Usual, summary  # noqa: E402

CALLS = (1, 3, 5, 8, 12, 20)
DRAWS = 20_000


def heard(doctor: Path) -> Call:
    """The consultation, with its utterances for the speech."""
    spoken = _said("rep", doctor) + _said("customer", doctor.with_name(doctor.name.replace("doctor", "patient")))
    speech = sorted((Stretch(t.speaker, t.start or 0.0, t.end or 0.0) for t in spoken), key=lambda s: s.start)
    return replace(consultation(doctor), speech=tuple(speech))


def reviewed(call: Call) -> Review:
    """What of the delivery such times can carry."""
    rough = timing(call)
    delivery = tuple(turn and replace(turn, gap=None) for turn in deliveries(call))
    return Review(call, (None,) * len(call.turns), (), None, delivery, rough and replace(rough, overlaps=()))


def settling(days: Sequence[Sequence[Summary]]) -> None:
    """How far the median of a few calls lies from the median of all."""
    rates = [[call["rate"]["median"] for call in day if "rate" in call] for day in days]
    away = [rate / median(day) - 1 for day in rates for rate in day]
    print("| calls | half of the time within | 95 of 100 times within |\n| --- | --- | --- |")
    for calls in CALLS:
        errors = sorted(abs(median(random.choices(away, k=calls))) for _ in range(DRAWS))
        print(f"| {calls} | {errors[DRAWS // 2]:.1%} | {errors[DRAWS * 95 // 100]:.1%} |")


@click.command(help=__doc__)
@click.argument("folder", type=click.Path(exists=True, path_type=Path), default=FOLDER)
def main(folder: Path) -> None:
    random.seed(0)
    days: dict[str, list[Review]] = defaultdict(list)
    for path in sorted(folder.glob("*_doctor.TextGrid")):
        review = reviewed(heard(path))
        days[review.call.id[:4]].append(review)
    settling([[summary(review.delivery, review.timing) for review in day] for day in days.values()])
    told: dict[bool, Counter[str]] = {True: Counter(), False: Counter()}
    for day in days.values():
        for review in day:
            others = [summary(other.delivery, other.timing) for other in day if other is not review]
            for usual in (Usual.of(others), Usual.within(review.delivery)):
                told[usual.own].update(remark.kind for remark in remarks(review, usual))
    consultations = sum(map(len, days.values()))
    print("\n| compared with | remarks in a consultation | of them |\n| --- | --- | --- |")
    for own, name in ((True, "the doctor's other calls"), (False, "the rest of the call")):
        kinds = ", ".join(f"{kind} {count}" for kind, count in told[own].most_common())
        print(f"| {name} | {told[own].total() / consultations:.2f} | {kinds} |")


if __name__ == "__main__":
    main()
