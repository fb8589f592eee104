"""What reps and leads say of moments: written out, measured, and made thresholds of, on request only."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from coach.calls import InputError
from coach.commands.options import database, tone_model

if TYPE_CHECKING:
    from coach.tone.feedback import Chosen

PATH = click.Path(path_type=Path, dir_okay=False)


@click.group()
def feedback():
    """What reps and leads say of moments: as labelled calls, and as thresholds."""


@feedback.command("export")
@click.option("--out", type=PATH, required=True, help="A new file: labelled calls, one a line.")
@database
def export_feedback(out: Path, db: str):
    """Write the calls of which somebody rated a turn, or sees one differently, as labelled calls.

    People are numbers in it, but what was said in the calls is there: keep the file as you keep the calls.
    """
    from coach.store import Store, trail
    from coach.store.said.labels import labelled

    if out.exists():
        raise InputError(f"{out}: is there already; remove it, or give another place with --out")
    store = Store(db)
    calls = [json.dumps(call) for call in labelled(store)]
    try:
        out.write_text("".join(f"{call}\n" for call in calls), "utf-8")
    except OSError as error:
        raise InputError(f"{out}: cannot be written ({error.strerror}); give another place with --out") from error
    trail.note(store, trail.EXPORTED, what="feedback", calls=len(calls))
    print(f"{len(calls)} labelled calls are in {out}.")


@feedback.command("calibrate")
@click.argument("labelled", type=PATH)
@click.option("--out", type=PATH, help="Write the chosen thresholds here.")
@tone_model
def calibrate(labelled: Path, out: Path | None, tone: str):
    """Choose from which probability on a turn is shown as a moment, by what people rated blind; before and after.

    Nothing changes by it. To use what was chosen: coach batch --thresholds FILE, or thresholds = "FILE" in the
    settings; calls that are there already are scored again with --rescore.
    """
    from coach.tone.examples import labelled_calls
    from coach.tone.feedback import choose, judgements
    from coach.tone.model import FOLDERS, ToneModel

    chosen = choose(judgements(labelled_calls(labelled)), ToneModel.load(FOLDERS[tone]).thresholds)
    print(_report(chosen))
    if out and any(each.after != each.before for each in chosen):
        out.write_text(json.dumps(_as_dict(chosen, tone), indent=2) + "\n")
        print(f"\nThe thresholds are in {out}. Nothing uses them unless you say so: --thresholds {out}")
    elif out:
        print(f"\nNothing is to be changed, so that {out} was not written.")


def _report(chosen: Sequence["Chosen"]) -> str:
    from coach.tone.feedback import ENOUGH_TO_CHOOSE

    lines = [
        "| axis | likely turns rated blind | before | after | shown | right before | right after, on other calls |"
    ]
    lines.append("| --- | --- | --- | --- | --- | --- | --- |")
    for each in chosen:
        if each.enough:
            shown, right = f"{each.shown[0]} → {each.shown[1]}", [each.right_before, each.right_after]
            told = ["none" if share is None else f"{share:.0%}" for share in right]
        else:
            shown, told = f"too few: {ENOUGH_TO_CHOOSE} are needed", ["", ""]
        cells = (each.axis, each.turns, f"{each.before:.2f}", f"{each.after:.2f}", shown, *told)
        lines.append(f"| {' | '.join(map(str, cells))} |")
    return "\n".join(lines)


def _as_dict(chosen: Sequence["Chosen"], tone: str) -> dict[str, Any]:
    values = {each.axis: each.after for each in chosen}
    return {"tone": tone, "thresholds": values, "turns": {each.axis: each.turns for each in chosen}}
