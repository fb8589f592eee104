"""The commands for what leads see of their reps' calls: the same that admins choose in the dashboard."""

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import click

from coach.commands.options import database

if TYPE_CHECKING:
    from coach.store import Policy

LONGEST = 14 * 24  # hours


@click.command()
@click.argument("choice", required=False, type=click.Choice(["opt-in", "opt-out"]))
@database
def sharing(choice: str | None, db: str):
    """What a lead sees: what reps share (opt-in), or what they do not keep private (opt-out)."""
    print(f"sharing: {_changed(db, sharing=choice).sharing}")


@click.command("first-hours")
@click.argument("hours", required=False, type=click.IntRange(0, LONGEST))
@database
def first_hours(hours: int | None, db: str):
    """For how many hours only the rep sees what a call was scored as, where sharing is opt-out."""
    print(f"first-hours: {_changed(db, first_hours=hours).first_hours}")


@click.command("whole-calls")
@click.argument("choice", required=False, type=click.Choice(["on", "off"]))
@database
def whole_calls(choice: str | None, db: str):
    """Whether leads may open whole calls, and not moments only."""
    kept = _changed(db, whole_calls=None if choice is None else choice == "on")
    print(f"whole-calls: {'on' if kept.whole_calls else 'off'}")


def _changed(db: str, **choice: Any) -> "Policy":
    """The policy, changed where there is a choice."""
    from coach.store import Store

    store = Store(db)
    if None not in choice.values():
        store.set_policy(replace(store.policy, **choice))
    return store.policy
