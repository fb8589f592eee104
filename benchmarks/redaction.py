"""How much of what is personal does the redaction find, and what does it take away that is not?

    python benchmarks/redaction.py [--half dev|test] [--show]

`redaction/*.txt` holds short talks written by hand, each with what is personal in it between braces: every second one
is for development, the others for testing. A card or account number counts as found where no more than four of its
digits are left, a phone where no more than three are, all else where nothing is. `ordinary.txt` and the calls of
`data/service_calls/dev.jsonl` and PriMock57 show what is taken away without need.
"""

import re
import sys
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import click
import numpy as np

ROOT = Path(__file__).parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "benchmarks")]

from coach.calls import Call, Speaker, Turn  # noqa: E402
from coach.redact import find  # noqa: E402
from coach.redact.found import Found  # noqa: E402

TALKS = ROOT / "benchmarks" / "redaction"
NAMES = {
    "card": "card numbers",
    "code": "security codes",
    "expiry": "expiry dates",
    "phone": "phone numbers",
    "email": "e-mail addresses",
    "dob": "dates of birth",
    "account": "account and identity numbers",
}
MAY_STAY = {"card": 4, "account": 4, "phone": 3}
ONE = (
    "one|two|three|four|five|six|seven|eight|nine|zero|oh|o|double|triple|nought"
    "|twenty|thirty|forty|fifty|sixty|seventy|eighty|ninety"
)
TWO = "ten|eleven|twelve|thirteen|fourteen|fifteen|sixteen|seventeen|eighteen|nineteen|hundred|thousand"
SPEAKERS: dict[str, Speaker] = {"R": "rep", "C": "customer"}


@dataclass(frozen=True, slots=True)
class Talk:
    """A few turns, and what is personal in them: (kind, turn, first and last character)."""

    call: Call
    personal: tuple[Found, ...]


def talks(path: Path) -> list[Talk]:
    return [
        _talk(f"{path.stem} {i}", block) for i, block in enumerate(path.read_text("utf-8").strip().split("\n\n"), 1)
    ]


def _talk(name: str, block: str) -> Talk:
    turns, personal = [], []
    for index, line in enumerate(block.splitlines()):
        speaker, _, marked = line.partition(": ")
        text = ""
        for piece in re.split(r"(\{\w+ [^}]*\})", marked.strip()):
            if piece.startswith("{"):
                kind, _, piece = piece[1:-1].partition(" ")
                personal.append(Found(index, len(text), len(text) + len(piece), kind))  # type: ignore[arg-type]
            text += piece
        turns.append(Turn(SPEAKERS[speaker], text))
    return Talk(Call(name, tuple(turns)), tuple(personal))


def digits(text: str) -> int:
    """How many digits a text says; counted apart from the redaction's own reading of numbers."""
    ones = re.findall(rf"\d|\b(?:{ONE})\b", text, re.IGNORECASE)
    return len(ones) + 2 * len(re.findall(rf"\b(?:{TWO})\b", text, re.IGNORECASE))


def left(text: str, start: int, end: int, found: list[Found]) -> str:
    """What is still there between two characters of a text."""
    gone = {i for f in found for i in range(f.start, f.end)}
    return "".join(text[i] if i not in gone else " " for i in range(start, end))


def missed(talk: Talk, found: list[Found]) -> dict[str, str]:
    """For each kind in a talk, what is left of it where that is too much, or ""."""
    leftovers: dict[str, list[str]] = defaultdict(list)
    for p in talk.personal:
        own = [f for f in found if f.turn == p.turn]
        leftovers[p.kind].append(left(talk.call.turns[p.turn].text, p.start, p.end, own))
    return {kind: "" if _little(kind, " ".join(texts)) else " ".join(texts) for kind, texts in leftovers.items()}


def _little(kind: str, text: str) -> bool:
    if kind in MAY_STAY:
        return digits(text) <= MAY_STAY[kind]
    return not re.sub(r"\b(?:of|the|and|no|in|uh|he's|dot|at)\b|\W", "", text.lower())


def needless(talk: Talk, found: list[Found]) -> list[str]:
    """Numbers that were taken away though they are not personal."""
    texts = []
    for f in found:
        own = _joined([p for p in talk.personal if p.turn == f.turn])
        rest = left(talk.call.turns[f.turn].text, f.start, f.end, own)
        texts += [rest] if re.search(r"\w", rest) else []
    return texts


def _joined(personal: list[Found]) -> list[Found]:
    """With the few words between two parts of one number."""
    pairs = pairwise(personal)
    return personal + [Found(a.turn, a.end, b.start, a.kind) for a, b in pairs if a.kind == b.kind]


def named_right(talk: Talk, found: list[Found]) -> Iterator[bool]:
    for f in found:
        kinds = {p.kind for p in talk.personal if p.turn == f.turn and p.start < f.end and f.start < p.end}
        if kinds:
            yield f.kind in kinds


def interval(hits: int, of: int) -> str:
    """Wilson's interval at 95 %."""
    z, p = 1.96, hits / of
    middle, half = p + z * z / (2 * of), z * np.sqrt(p * (1 - p) / of + z * z / (4 * of * of))
    return f"{hits / of:.1%} [{(middle - half) / (1 + z * z / of):.1%}, {(middle + half) / (1 + z * z / of):.1%}]"


def recall(half: str, show: bool) -> None:
    counts: dict[str, list[bool]] = defaultdict(list)
    right: list[bool] = []
    words = spans = 0
    for path in sorted(TALKS.glob("*.txt")):
        for talk in talks(path)[half == "test" :: 2]:
            found = find(talk.call)
            spans += len(found)
            named = list(named_right(talk, found))
            right += named
            if show and not all(named):
                print(f"- misnamed, {talk.call.id}: {[f.kind for f in found]}", file=sys.stderr)
            for kind, rest in missed(talk, found).items():
                counts[kind].append(not rest)
                if rest and show:
                    print(f"- missed, {talk.call.id}, {kind}: {rest.strip()}", file=sys.stderr)
            for text in needless(talk, found):
                words += 1
                if show:
                    print(f"- needless, {talk.call.id}: {text}", file=sys.stderr)
    print(f"| {half} half | talks | found |\n| --- | --- | --- |")
    for kind, name in NAMES.items():
        print(f"| {name} | {len(counts[kind])} | {interval(sum(counts[kind]), len(counts[kind]))} |")
    print(f"\nNamed as what it is: {interval(sum(right), len(right))} of what was rightly taken away.")
    print(f"Something not personal was taken away in {words} of {spans} places.\n")


def ordinary(show: bool) -> None:
    from real_talk import FOLDER, consultation

    from coach.transcripts import read

    calls = [call for call in read(ROOT / "data" / "service_calls" / "dev.jsonl") if isinstance(call, Call)]
    sources = {"data/service_calls/dev.jsonl": calls}
    if FOLDER.is_dir():
        sources["PriMock57"] = [consultation(path) for path in sorted(FOLDER.glob("*_doctor.TextGrid"))]
    for name, calls in sources.items():
        taken = [(call, f) for call in calls for f in find(call)]
        turns = sum(len(call.turns) for call in calls)
        print(f"{name}: {len(taken)} places in {len(calls)} calls, {1000 * len(taken) / turns:.1f} in 1,000 turns")
        for call, f in taken if show else ():
            print(f"- {call.id} {f.turn} {f.kind}: {_in_place(call.turns[f.turn].text, f)}", file=sys.stderr)


def _in_place(text: str, f: Found) -> str:
    return f"{text[max(0, f.start - 60) : f.start]}[{text[f.start : f.end]}]{text[f.end : f.end + 20]}"


@click.command(help=__doc__)
@click.option("--half", type=click.Choice(["dev", "test"]), default="dev", show_default=True)
@click.option("--show", is_flag=True, help="Say on stderr what was missed, and what was taken away.")
def main(half: str, show: bool) -> None:
    recall(half, show)
    ordinary(show)


if __name__ == "__main__":
    main()
