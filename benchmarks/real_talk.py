"""How often is real, civil talk accused? Mock consultations by real doctors, spoken and transcribed by people.

    python benchmarks/real_talk.py [FOLDER] [--every N]

FOLDER holds the transcripts of PriMock57 (CC BY 4.0, github.com/babylonhealth/primock57); the doctor counts as the rep.
Nobody has rated their tone: they are civil throughout, so that a giveaway is most likely a false alarm.
"""

import re
import sys
from pathlib import Path

import click

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from coach.calls import Call, Speaker, Turn  # noqa: E402
from coach.review import Reviewer  # noqa: E402

FOLDER = ROOT.parent / "shared" / "data" / "public" / "primock57_transcripts"
INTERVAL = re.compile(r'xmin = ([\d.]+)\s+xmax = ([\d.]+)\s+text = "(.*?)"\s*\n', re.DOTALL)


def consultation(doctor: Path) -> Call:
    said = _said("rep", doctor) + _said("customer", doctor.with_name(doctor.name.replace("doctor", "patient")))
    turns: list[Turn] = []
    for turn in sorted(said, key=lambda turn: turn.start or 0.0):
        if turns and turns[-1].speaker == turn.speaker:
            before = turns.pop()
            turn = Turn(turn.speaker, f"{before.text} {turn.text}", before.start, turn.end)
        turns.append(turn)
    return Call(doctor.name.removesuffix("_doctor.TextGrid"), tuple(turns))


def _said(speaker: Speaker, path: Path) -> list[Turn]:
    intervals = INTERVAL.findall(path.read_text(encoding="utf-8"))
    spoken = [(float(a), float(b), re.sub(r"<[^>]*>", "", text).strip()) for a, b, text in intervals]
    return [Turn(speaker, text, start, end) for start, end, text in spoken if text]


@click.command(help=__doc__)
@click.argument("folder", type=click.Path(exists=True, path_type=Path), default=FOLDER)
@click.option("--every", default=6, show_default=True, help="Only each n-th consultation.")
def main(folder: Path, every: int) -> None:
    reviewer = Reviewer()
    calls = [consultation(path) for path in sorted(folder.glob("*_doctor.TextGrid"))[::every]]
    moments = [(call, moment) for call in calls for moment in reviewer.rate(call).moments]
    for call, moment in moments:
        if moment.kind == "giveaway":
            print(f"{call.id}  {moment.axis}, {', '.join(moment.behaviours)}: {moment.quote}")
    turns = sum(turn.speaker == "rep" for call in calls for turn in call.turns)
    for kind in ("giveaway", "strength"):
        found = sum(moment.kind == kind for _, moment in moments)
        print(f"{found} {kind}s in {len(calls)} consultations ({found / len(calls):.1f} each), {turns} doctor's turns")


if __name__ == "__main__":
    main()
