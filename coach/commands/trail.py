"""The command for the audit trail."""

import sys
from datetime import datetime
from typing import TYPE_CHECKING

import click

from coach.commands.care import Past
from coach.commands.options import database

if TYPE_CHECKING:
    from coach.export.trail import Form


@click.command()
@click.option("--since", type=Past(), help="Only from then on: an age (7d, 4w) or a date.")
@click.option("--action", help="Only this, as in opened, played, exported.")
@click.option("--call", type=click.IntRange(1), help="Only what was done with this call.")
@click.option(
    "--format",
    "form",
    envvar="TONE_COACH_TRAIL_FORMAT",
    type=click.Choice(["csv", "jsonl"]),
    default="csv",
    show_default=True,
)
@database
def trail(since: datetime | None, action: str | None, call: int | None, form: "Form", db: str):
    """Print the audit trail, the latest first: who opened, played, exported or changed what, and when.

    Example: coach trail --since 30d --action exported > exported.csv
    """
    from coach.export.trail import lines
    from coach.store import ALONE, Desk, Store
    from coach.store.trail import Wanted, every_entry

    wanted = Wanted(action=action, since=since, call_id=call)
    sys.stdout.writelines(lines(every_entry(Desk(Store(db), ALONE), wanted), form))
