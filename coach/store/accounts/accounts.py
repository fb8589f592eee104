"""Who may sign in, and as what. An admin changes it, or who has the command line, and with it the database."""

from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import get_args

from sqlalchemy import ColumnElement, delete, exists, func, or_, select, true
from sqlalchemy.orm import Session, joinedload

from coach.calls import InputError
from coach.store.access import Person, Role
from coach.store.accounts import passwords
from coach.store.desk import Desk
from coach.store.people import Account, AuditEntry, SignIn
from coach.store.schema import Rep
from coach.store.store import Store

ROLES: tuple[str, ...] = tuple(role for role in get_args(Role) if role != "alone")
LONGEST = 200


@dataclass(frozen=True, slots=True)
class AccountRow:
    """An account in a list. `rep` is whose calls are their own, `teams` are those that they lead.

    `has_password` is False where a provider vouches for them; `removed_at` is set where they may sign in no more.
    """

    id: int
    login: str
    name: str
    role: str
    rep: str | None
    teams: tuple[str, ...]
    has_password: bool
    made_at: datetime
    removed_at: datetime | None


def is_anybody_there(store: Store) -> bool:
    """Whether there is any account, be it a removed one: nobody uses this store alone then."""
    with store.reading() as session:
        return bool(session.scalar(select(exists().where(Account.id.is_not(None)))))


def accounts(desk: Desk, search: str = "", limit: int = 50, offset: int = 0) -> list[AccountRow]:
    """Accounts by name, removed ones last."""
    query = select(Account).options(joinedload(Account.rep)).where(_found(search))
    query = query.order_by(Account.removed_at.is_not(None), Account.name, Account.id)
    with desk.reading() as (session, _):
        _only_admins(session, desk.person)
        return [_row(account) for account in session.scalars(query.limit(limit).offset(offset))]


def count_accounts(desk: Desk, search: str = "") -> int:
    with desk.reading() as (session, _):
        _only_admins(session, desk.person)
        return session.scalar(select(func.count(Account.id)).where(_found(search))) or 0


def add(
    desk: Desk,
    login: str,
    role: str,
    *,
    name: str = "",
    rep: str | None = None,
    teams: Collection[str] = (),
    password: str | None = None,
) -> int:
    """Let somebody in; without a password a provider vouches for them, and the login is their e-mail address.

    Raises
    ------
    InputError
        Where that cannot be: in one line, what is wrong.
    """
    login = normal(login)
    if not login or len(login) > LONGEST or not login.isprintable() or " " in login:
        raise InputError(f"{login!r} cannot be a login: an e-mail address, or one word")
    kept = passwords.hashed(password) if password is not None else None
    with _deciding(desk) as session:
        if _same(session, login):
            raise InputError(f"there is an account {login} already (a removed one can be restored)")
        account = Account(login=login, name=_named(name, login), password=kept, made_at=datetime.now(UTC))
        _shape(session, account, role, rep, teams)
        session.add(account)
        session.flush()
        _log(session, desk, "added an account", account, role=role)
        return account.id


def change(
    desk: Desk,
    login: str,
    *,
    role: str | None = None,
    name: str | None = None,
    rep: str | None = None,
    teams: Collection[str] | None = None,
) -> None:
    """Change what is given; an empty `rep` takes it away. Another role ends what they have open, and leading teams."""
    with _deciding(desk) as session:
        account = _one(session, login)
        before = account.role
        account.name = account.name if name is None else _named(name, account.login)
        kept_rep = account.rep.name if account.rep else None
        kept_teams = account.teams if role in (None, before) else ()
        rep, teams = kept_rep if rep is None else rep, kept_teams if teams is None else teams
        _shape(session, account, role or before, rep, teams)
        if account.role != before:
            _end(session, account)
        _keep_an_admin(session, before, account)
        _log(session, desk, "changed an account", account, role=account.role)


def remove(desk: Desk, login: str) -> None:
    """They may sign in no more, and what they have open ends. The account stays, for what it did is on record."""
    with _deciding(desk) as session:
        account = _one(session, login)
        account.removed_at = datetime.now(UTC)
        _end(session, account)
        _keep_an_admin(session, account.role, account)
        _log(session, desk, "removed an account", account)


def restore(desk: Desk, login: str) -> None:
    """Let somebody in again who was removed: the same person, for what they wrote is theirs."""
    with _deciding(desk) as session:
        account = _same(session, normal(login))
        if account is None or account.removed_at is None:
            raise InputError(f"there is no removed account {login}")
        _not_twice(session, account)
        account.removed_at = None
        _log(session, desk, "restored an account", account)


def set_password(desk: Desk, login: str, password: str | None) -> None:
    """Another password, or none where a provider vouches for them; what they have open ends."""
    kept = passwords.hashed(password) if password is not None else None
    with _deciding(desk) as session:
        account = _one(session, login)
        account.password = kept
        _end(session, account)
        _log(session, desk, "set a password", account)


def normal(login: str) -> str:
    return login.strip().lower()


def _named(name: str, login: str) -> str:
    return " ".join(name.split())[:LONGEST] or login


def _shape(session: Session, account: Account, role: str, rep: str | None, teams: Collection[str]) -> None:
    if role not in ROLES:
        raise InputError(f"{role!r} is no role; there are {', '.join(ROLES)}")
    if role == "rep" and not rep:
        raise InputError("a rep needs the name under which their calls are kept")
    if role == "lead" and not any(team.strip() for team in teams):
        raise InputError("a lead needs a team to lead")
    if role != "lead" and teams:
        raise InputError("only a lead has teams here; a rep's team comes with their calls")
    account.role, account.teams = role, sorted({team.strip() for team in teams if team.strip()})
    account.rep = _rep(session, rep.strip()[:LONGEST]) if rep and rep.strip() else None
    _not_twice(session, account)


def _rep(session: Session, name: str) -> Rep:
    """The rep of that name, whose calls may be still to come."""
    rep = session.scalar(select(Rep).where(Rep.name == name)) or Rep(name=name)
    session.add(rep)
    session.flush()
    return rep


def _not_twice(session: Session, account: Account) -> None:
    """One rep's calls are one person's."""
    if account.rep is None:
        return
    others = select(Account.login).where(Account.rep_id == account.rep.id, Account.removed_at.is_(None))
    with session.no_autoflush:
        other = session.scalar(others.where(Account.login != account.login))
    if other:
        raise InputError(f"the calls of {account.rep.name} are those of the account {other}")


def _keep_an_admin(session: Session, before: str, account: Account) -> None:
    """Else nobody could let anybody in from the dashboard."""
    session.flush()
    admins = select(Account.id).where(Account.role == "admin", Account.removed_at.is_(None)).limit(1)
    if before == "admin" and session.scalar(admins) is None:
        raise InputError(f"{account.login} is the last admin: make another one first")


def _end(session: Session, account: Account) -> None:
    session.execute(delete(SignIn).where(SignIn.account_id == account.id))


@contextmanager
def _deciding(desk: Desk) -> Iterator[Session]:
    with desk.writing() as (session, _):
        _only_admins(session, desk.person)
        yield session


def _only_admins(session: Session, person: Person) -> None:
    account = session.get(Account, person.account or 0)
    if person.role != "alone" and not (account and account.role == "admin" and account.removed_at is None):
        raise InputError("only an admin may do that")


def _same(session: Session, login: str) -> Account | None:
    return session.scalar(select(Account).where(Account.login == login))


def _one(session: Session, login: str) -> Account:
    account = _same(session, normal(login))
    if account is None or account.removed_at:
        raise InputError(f"there is no account {login}")
    return account


def _found(search: str) -> ColumnElement[bool]:
    named = (column.icontains(search.strip(), autoescape=True) for column in (Account.name, Account.login))
    return or_(*named) if search.strip() else true()


def _row(account: Account) -> AccountRow:
    rep = account.rep.name if account.rep else None
    named = account.id, account.login, account.name, account.role, rep, tuple(account.teams)
    return AccountRow(*named, account.password is not None, account.made_at, account.removed_at)


def _log(session: Session, desk: Desk, action: str, account: Account, **detail: str) -> None:
    told = {"account": account.id} | detail
    session.add(AuditEntry(at=datetime.now(UTC), account_id=desk.person.account, action=action, detail=told))
