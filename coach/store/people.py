"""The tables of the people: who may sign in, what reps and leads say of moments, coaching, and who looked at what.

What is said of a moment names it by call, turn, axis and kind, not by its row: that goes when a call is scored again.
"""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from coach.store.schema import Instant, Rep, StoredCall, Table


def _call() -> Mapped[int]:
    return mapped_column(ForeignKey("calls.id", ondelete="CASCADE"), index=True)


def _account(ondelete: str = "CASCADE") -> Mapped[int | None]:
    """None is the one person who uses Tone Coach alone, without accounts."""
    return mapped_column(ForeignKey("accounts.id", ondelete=ondelete), index=True)


class Account(Table):
    """Somebody who may sign in. `rep_id` says which calls are their own, `teams` whom they lead.

    `password` is None where a provider vouches for them (OIDC); `login` is the e-mail address then.
    """

    __tablename__ = "accounts"

    id: Mapped[int] = mapped_column(primary_key=True)
    login: Mapped[str] = mapped_column(String(200), unique=True)
    name: Mapped[str] = mapped_column(String(200))
    role: Mapped[str] = mapped_column(String(20))
    password: Mapped[str | None] = mapped_column(Text)
    rep_id: Mapped[int | None] = mapped_column(ForeignKey("reps.id", ondelete="SET NULL"))
    teams: Mapped[list[str]] = mapped_column(JSON)
    made_at: Mapped[datetime] = mapped_column(Instant)
    removed_at: Mapped[datetime | None] = mapped_column(Instant)

    rep: Mapped[Rep | None] = relationship()


class SignIn(Table):
    """An open sign-in. Its token is kept as a checksum: who reads the database cannot use it."""

    __tablename__ = "sign_ins"

    digest: Mapped[str] = mapped_column(String(64), primary_key=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("accounts.id", ondelete="CASCADE"), index=True)
    until: Mapped[datetime] = mapped_column(Instant)


class FailedSignIn(Table):
    """A wrong password for a name, whether there is such an account or not: too many in a while are slowed down."""

    __tablename__ = "failed_sign_ins"

    id: Mapped[int] = mapped_column(primary_key=True)
    login: Mapped[str] = mapped_column(String(200), index=True)
    at: Mapped[datetime] = mapped_column(Instant)


class Choice(Table):
    """A rep's word on one moment: "shared" with their lead, or "private"."""

    __tablename__ = "choices"

    call_id: Mapped[int] = mapped_column(ForeignKey("calls.id", ondelete="CASCADE"), primary_key=True)
    turn: Mapped[int] = mapped_column(primary_key=True)
    axis: Mapped[str] = mapped_column(String(20), primary_key=True)
    kind: Mapped[str] = mapped_column(String(20), primary_key=True)
    choice: Mapped[str] = mapped_column(String(10))
    at: Mapped[datetime] = mapped_column(Instant)


class StoredDisagreement(Table):
    """ "I see it differently": of a moment, or of any turn (`kind` is None then).

    `model` is what the model said then (rating, probability, clear), `scorer` which one that was. `verdict` is what the
    answer came to: "agreed", "partly" or "kept".
    """

    __tablename__ = "disagreements"

    id: Mapped[int] = mapped_column(primary_key=True)
    call_id: Mapped[int] = _call()
    turn: Mapped[int]
    axis: Mapped[str] = mapped_column(String(20))
    kind: Mapped[str | None] = mapped_column(String(20))
    account_id: Mapped[int | None] = _account("SET NULL")
    reason: Mapped[str] = mapped_column(Text)
    rating: Mapped[int | None]
    model: Mapped[dict[str, float] | None] = mapped_column(JSON)
    scorer: Mapped[dict[str, str]] = mapped_column(JSON)
    made_at: Mapped[datetime] = mapped_column(Instant)
    withdrawn_at: Mapped[datetime | None] = mapped_column(Instant)
    answered_at: Mapped[datetime | None] = mapped_column(Instant)
    answered_by: Mapped[int | None] = mapped_column(ForeignKey("accounts.id", ondelete="SET NULL"))
    verdict: Mapped[str | None] = mapped_column(String(10))
    answer: Mapped[str | None] = mapped_column(Text)

    call: Mapped[StoredCall] = relationship()


class StoredRating(Table):
    """What a person rates an axis of a turn, 0 to 3; `blind` where they had not been shown what others rate it.

    `role` is what they were then: "rep" of that call, or "lead".
    """

    __tablename__ = "ratings"

    id: Mapped[int] = mapped_column(primary_key=True)
    call_id: Mapped[int] = _call()
    turn: Mapped[int]
    axis: Mapped[str] = mapped_column(String(20))
    account_id: Mapped[int | None] = _account("SET NULL")
    role: Mapped[str] = mapped_column(String(20))
    rating: Mapped[int]
    blind: Mapped[bool]
    at: Mapped[datetime] = mapped_column(Instant)

    call: Mapped[StoredCall] = relationship()

    __table_args__ = (UniqueConstraint("call_id", "turn", "axis", "account_id"),)


class StoredNote(Table):
    """What somebody wrote for themselves, of a call or of one turn in it. Nobody else reads it."""

    __tablename__ = "notes"

    id: Mapped[int] = mapped_column(primary_key=True)
    account_id: Mapped[int | None] = _account()
    call_id: Mapped[int] = _call()
    turn: Mapped[int | None]
    text: Mapped[str] = mapped_column(Text)
    at: Mapped[datetime] = mapped_column(Instant)

    call: Mapped[StoredCall] = relationship()


class StoredSession(Table):
    """A coaching session of a lead and a rep: prepared, then held, then closed with a focus (a behaviour) agreed.

    `plan` is the lead's own; `agreed` is what both of them read.
    """

    __tablename__ = "coaching_sessions"

    id: Mapped[int] = mapped_column(primary_key=True)
    rep_id: Mapped[int] = mapped_column(ForeignKey("reps.id", ondelete="CASCADE"), index=True)
    lead_id: Mapped[int | None] = _account("SET NULL")
    team: Mapped[str | None] = mapped_column(String(200))
    made_at: Mapped[datetime] = mapped_column(Instant)
    plan: Mapped[str] = mapped_column(Text)
    held_at: Mapped[datetime | None] = mapped_column(Instant)
    closed_at: Mapped[datetime | None] = mapped_column(Instant)
    focus: Mapped[str | None] = mapped_column(String(50))
    agreed: Mapped[str | None] = mapped_column(Text)
    due: Mapped[datetime | None] = mapped_column(Instant)

    rep: Mapped[Rep] = relationship()
    moments: Mapped[list["SessionMoment"]] = relationship(
        cascade="all, delete-orphan", passive_deletes=True, order_by="SessionMoment.position"
    )


class SessionMoment(Table):
    """A moment that a session is about, with the lead's talk points."""

    __tablename__ = "coaching_moments"

    id: Mapped[int] = mapped_column(primary_key=True)
    session_id: Mapped[int] = mapped_column(ForeignKey("coaching_sessions.id", ondelete="CASCADE"), index=True)
    position: Mapped[int]
    call_id: Mapped[int] = _call()
    turn: Mapped[int]
    axis: Mapped[str] = mapped_column(String(20))
    kind: Mapped[str] = mapped_column(String(20))
    note: Mapped[str] = mapped_column(Text)


class AuditEntry(Table):
    """Who did what, and when. It names calls and accounts by number only, so that it outlives them."""

    __tablename__ = "audit"

    id: Mapped[int] = mapped_column(primary_key=True)
    at: Mapped[datetime] = mapped_column(Instant)
    account_id: Mapped[int | None] = mapped_column(index=True)
    action: Mapped[str] = mapped_column(String(50), index=True)
    call_id: Mapped[int | None] = mapped_column(index=True)
    detail: Mapped[dict[str, Any]] = mapped_column(JSON)

    __table_args__ = (Index("ix_audit_at", "at"),)
