"""Signing in and out. An open sign-in is a random token that the browser keeps; here is only its checksum, and its end.

Wrong tries are counted for each name, whether there is such an account or not, and for all of them together. A name is
kept as a checksum too: now and then somebody types their password there.
"""

import hashlib
import math
import secrets
from datetime import UTC, datetime, timedelta

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from coach.calls import InputError
from coach.store.access import Person
from coach.store.accounts import passwords
from coach.store.accounts.accounts import normal
from coach.store.desk import Desk
from coach.store.people import Account, FailedSignIn, SignIn
from coach.store.store import Store

LASTS = timedelta(hours=12)
FREE_TRIES = 5  # then a minute must pass, and twice as long after each further one, up to LONGEST_WAIT
LONGEST_WAIT = timedelta(hours=1)
TRIES_OF_ALL, WHILE = 100, timedelta(minutes=15)
REMEMBERED = timedelta(days=1)


class Refused(Exception):
    """Not signed in. `wait` says for how long no further try is looked at, None where the next one may come at once."""

    def __init__(self, wait: timedelta | None = None) -> None:
        super().__init__("not signed in")
        self.wait = wait

    def __str__(self) -> str:
        if self.wait is None:
            return "This name and this password do not go together."
        minutes = math.ceil(self.wait / timedelta(minutes=1))
        return f"There were too many tries. Please wait {minutes} minute{'s' * (minutes > 1)}, then try again."


def sign_in(store: Store, login: str, password: str) -> str:
    """A token for who knows the password of an account.

    Raises
    ------
    Refused
        With the same words, after the same work, whether there is no such account or the password is wrong.
    """
    _count(store, login)
    account = _account(store, login)
    if not passwords.matches(account.password if account else None, password) or account is None:
        raise Refused
    with store.writing() as session:
        session.execute(delete(FailedSignIn).where(FailedSignIn.login == _digest(normal(login))))
        kept = session.get_one(Account, account.id)
        if kept.password is None or kept.password != account.password:  # changed in the meantime
            raise Refused
        kept.password = passwords.renewed(kept.password, password) or kept.password
    return _opened(store, account, "password")


def vouched(store: Store, email: str) -> str | None:
    """A token for the account of an e-mail address that a provider vouches for; None where there is none."""
    account = _account(store, email)
    return _opened(store, account, "provider") if account else None


def person_of(store: Store, token: str) -> Person | None:
    """Who has this token, as they are now; None where that sign-in is none, or is over."""
    query = select(Account).join(SignIn, SignIn.account_id == Account.id)
    query = query.where(SignIn.digest == _digest(token), SignIn.until > datetime.now(UTC), Account.removed_at.is_(None))
    with store.reading() as session:
        account = session.scalar(query)
        return _person(account) if account else None


def sign_out(store: Store, token: str) -> None:
    person = person_of(store, token)
    with store.writing() as session:
        session.execute(delete(SignIn).where(SignIn.digest == _digest(token)))
    if person:
        Desk(store, person).log("signed out")


def change_password(store: Store, person: Person, present: str, wanted: str) -> None:
    """A person's own, who knows the present one. Everything that they have open ends.

    Raises
    ------
    Refused
        Where the present password is wrong.
    InputError
        Where the wanted one is too short, or there is none to change.
    """
    with store.reading() as session:
        account = session.get(Account, person.account or 0)
    if account is None or account.password is None:
        raise InputError("you sign in without a password here")
    _count(store, account.login)
    if not passwords.matches(account.password, present):
        raise Refused
    kept = passwords.hashed(wanted)
    with store.writing() as session:
        session.get_one(Account, account.id).password = kept
        session.execute(delete(SignIn).where(SignIn.account_id == account.id))
        session.execute(delete(FailedSignIn).where(FailedSignIn.login == _digest(account.login)))
    Desk(store, person).log("changed their password")


def _account(store: Store, login: str) -> Account | None:
    named = Account.login == normal(login).replace("\0", ""), Account.removed_at.is_(None)
    with store.reading() as session:
        return session.scalar(select(Account).where(*named))


def _person(account: Account) -> Person:
    return Person(account.role, account.id, account.name, account.rep_id, tuple(account.teams))  # type: ignore[arg-type]


def _opened(store: Store, account: Account, by: str) -> str:
    token, now = secrets.token_urlsafe(32), datetime.now(UTC)
    with store.writing() as session:
        session.execute(delete(SignIn).where(SignIn.until <= now))
        session.add(SignIn(digest=_digest(token), account_id=account.id, until=now + LASTS))
    Desk(store, _person(account)).log("signed in", by=by)
    return token


def _count(store: Store, login: str) -> None:
    """Count a try before it is looked at, as wrong until it proves right: many at once get no further than others."""
    name, now = _digest(normal(login)), datetime.now(UTC)
    with store.writing() as session:
        session.execute(delete(FailedSignIn).where(FailedSignIn.at <= now - REMEMBERED))
        if wait := _wait(session, name, now):
            raise Refused(wait)
        session.add(FailedSignIn(login=name, at=now))


def _wait(session: Session, name: str, now: datetime) -> timedelta | None:
    count, last = func.count(FailedSignIn.id), func.max(FailedSignIn.at)
    tries, latest = session.execute(select(count, last).where(FailedSignIn.login == name)).one()
    if tries >= FREE_TRIES:
        pause = min(timedelta(minutes=2 ** min(tries - FREE_TRIES, 10)), LONGEST_WAIT)
        if latest + pause > now:
            return latest + pause - now
    of_all = session.scalar(select(count).where(FailedSignIn.at > now - WHILE)) or 0
    return timedelta(minutes=1) if of_all >= TRIES_OF_ALL else None


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode(errors="replace")).hexdigest()
