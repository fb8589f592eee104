"""Passwords: kept as argon2id alone, checked with the same work whether there is such an account or not."""

import secrets
import unicodedata
from functools import cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from coach.calls import InputError

SHORTEST, LONGEST = 12, 1000
_hasher = PasswordHasher()


def hashed(password: str) -> str:
    """A password as it is kept.

    Raises
    ------
    InputError
        Where it is too short or too long.
    """
    if not SHORTEST <= len(password) <= LONGEST:
        raise InputError(f"a password has {SHORTEST} to {LONGEST} characters; three or four words make a good one")
    return _hasher.hash(_same_everywhere(password))


def made_up() -> str:
    """A password that nobody can guess, to be handed to somebody once."""
    return secrets.token_urlsafe(SHORTEST)


def matches(kept: str | None, password: str) -> bool:
    """Whether it is the password that is kept; where there is none, it is never, after as long a while."""
    nobodys = _nobodys()
    try:
        right = _hasher.verify(kept or nobodys, _same_everywhere(password[:LONGEST]))
    except (VerificationError, InvalidHashError):
        return False
    return right and kept is not None


def renewed(kept: str, password: str) -> str | None:
    """A right password as it would be kept today, where it was kept with less work than that."""
    return _hasher.hash(_same_everywhere(password)) if _hasher.check_needs_rehash(kept) else None


@cache
def _nobodys() -> str:
    return _hasher.hash(secrets.token_urlsafe())


def _same_everywhere(password: str) -> str:
    """Keyboards and systems write an accented letter in two ways."""
    return unicodedata.normalize("NFKC", password)
