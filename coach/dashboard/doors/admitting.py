"""What an admin does with accounts, as the buttons of their page want it."""

from collections.abc import Callable
from dataclasses import dataclass

from coach.store import Desk
from coach.store.accounts import accounts, passwords


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a form says of an account."""

    login: str
    name: str
    role: str
    rep: str
    teams: tuple[str, ...]
    with_password: bool = False


@dataclass(frozen=True, slots=True)
class Doing:
    """What an admin can do with accounts; each says what is wrong with an InputError.

    `add` and `renew` return a password that was made up, `add` None where the provider vouches.
    """

    add: Callable[[Wanted], str | None]
    change: Callable[[Wanted], None]
    renew: Callable[[str], str]
    remove: Callable[[str], None]
    restore: Callable[[str], None]


def doing_of(desk: Desk) -> Doing:
    def add(wanted: Wanted) -> str | None:
        password = passwords.made_up() if wanted.with_password else None
        name, rep, teams = wanted.name, wanted.rep, wanted.teams
        accounts.add(desk, wanted.login, wanted.role, name=name, rep=rep, teams=teams, password=password)
        return password

    def change(wanted: Wanted) -> None:
        name, rep, teams = wanted.name, wanted.rep, wanted.teams
        accounts.change(desk, wanted.login, role=wanted.role, name=name, rep=rep, teams=teams)

    def renew(login: str) -> str:
        accounts.set_password(desk, login, password := passwords.made_up())
        return password

    return Doing(
        add, change, renew, lambda login: accounts.remove(desk, login), lambda login: accounts.restore(desk, login)
    )
