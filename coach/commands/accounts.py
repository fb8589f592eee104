"""The commands for accounts: who may sign in to the dashboard, and as what."""

import getpass
import sys
from typing import TYPE_CHECKING

import click

from coach.calls import InputError
from coach.commands.options import database

if TYPE_CHECKING:
    from coach.store import Desk

ROLES = ["rep", "lead", "operations", "admin"]

rep_option = click.option("--rep", metavar="NAME", help="The rep whose calls are theirs, as calls name them.")
team_option = click.option("--team", "teams", metavar="NAME", multiple=True, help="A team that they lead; repeatable.")
name_option = click.option("--name", metavar="NAME", help="What the pages call them.")
stdin_option = click.option("--password-stdin", is_flag=True, help="Read the password from there: its first line.")


@click.group()
def accounts():
    """Who may sign in to the dashboard, and as what. The first admin is made here."""


@accounts.command("add")
@click.argument("login")
@click.option("--role", type=click.Choice(ROLES), required=True)
@name_option
@rep_option
@team_option
@stdin_option
@click.option("--no-password", is_flag=True, help="They sign in through your provider (OIDC) alone.")
@database
def add_account(
    login: str,
    role: str,
    name: str | None,
    rep: str | None,
    teams: tuple[str, ...],
    password_stdin: bool,
    no_password: bool,
    db: str,
):
    """Let somebody in. Asks for a password, unless a provider vouches for them: LOGIN is their e-mail address then.

    \b
    Examples: coach accounts add pat@example.com --role admin
              coach accounts add ann --role rep --rep Ann
              coach accounts add lee --role lead --team North --team South
    """
    from coach.store.accounts.accounts import add

    if password_stdin and no_password:
        raise click.UsageError("Say either --password-stdin or --no-password.")
    desk = _desk(db)
    password = None if no_password else _password(password_stdin)
    add(desk, login, role, name=name or "", rep=rep, teams=teams, password=password)
    print(f"{login} may sign in ({role}).")


@accounts.command("list")
@database
def list_accounts(db: str):
    """Print the accounts: login, role, name, the rep whose calls are theirs or the teams that they lead."""
    from coach.store.accounts.accounts import accounts as all_accounts

    for row in all_accounts(_desk(db), limit=100_000):
        whose = [f"calls of {row.rep}"] if row.rep else []
        whose += [f"leads {', '.join(row.teams)}"] if row.teams else []
        whose += [] if row.has_password else ["no password"]
        whose += [f"removed {row.removed_at:%Y-%m-%d}"] if row.removed_at else []
        print("\t".join([row.login, row.role, row.name, "; ".join(whose)]))


@accounts.command("change")
@click.argument("login")
@click.option("--role", type=click.Choice(ROLES))
@name_option
@rep_option
@team_option
@database
def change_account(login: str, role: str | None, name: str | None, rep: str | None, teams: tuple[str, ...], db: str):
    """Give somebody another role, name, rep (--rep "" for none) or other teams. What they may see changes at once."""
    from coach.store.accounts.accounts import change

    change(_desk(db), login, role=role, name=name, rep=rep, teams=teams or None)
    print(f"{login} is changed.")


@accounts.command("remove")
@click.argument("login")
@database
def remove_account(login: str, db: str):
    """Let somebody in no more; what they have open ends with their next click. What they did stays on record."""
    from coach.store.accounts.accounts import remove

    remove(_desk(db), login)
    print(f"{login} may not sign in any more.")


@accounts.command("restore")
@click.argument("login")
@database
def restore_account(login: str, db: str):
    """Let in again who was removed."""
    from coach.store.accounts.accounts import restore

    restore(_desk(db), login)
    print(f"{login} may sign in again.")


@accounts.command("password")
@click.argument("login")
@stdin_option
@click.option(
    "--none", "no_password", is_flag=True, help="They sign in through your provider (OIDC) alone from now on."
)
@database
def set_password(login: str, password_stdin: bool, no_password: bool, db: str):
    """Give somebody another password. What they have open ends with their next click."""
    from coach.store.accounts import accounts as store_accounts

    desk = _desk(db)
    store_accounts.set_password(desk, login, None if no_password else _password(password_stdin))
    print(f"{login} has {'no' if no_password else 'a new'} password.")


def _desk(db: str) -> "Desk":
    """Who has the command line has the database in hand, whatever an account would let them."""
    from coach.store import ALONE, Desk, Store

    return Desk(Store(db), ALONE)


def _password(from_stdin: bool) -> str:
    if from_stdin:
        return sys.stdin.readline().rstrip("\r\n")
    if not sys.stdin.isatty():
        raise InputError("no password was given: say --password-stdin, or --no-password where a provider vouches")
    password = getpass.getpass("Password: ")
    if password != getpass.getpass("Again: "):
        raise InputError("the two passwords differ; nothing was changed")
    return password
