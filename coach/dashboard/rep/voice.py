"""What a person has said of one call, and may say: what the drawing functions of a call and its moments ask for."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Literal

from coach.calls import Moment
from coach.store import CallRow, Desk, Policy
from coach.store.said import feedback
from coach.store.said.feedback import Disagreement, Note, Spot

Sees = Literal["rep", "lead"]


@dataclass(frozen=True, slots=True)
class Everything:
    """All that was said of a call, as it is now."""

    call: CallRow | None
    policy: Policy
    alone: bool
    own: bool
    choices: dict[tuple[int, str, str], str]
    disagreements: list[Disagreement]
    notes: list[Note]


class Voice:
    """One person, one call. What it knows is read once, and again after something was said through it.

    Parameters
    ----------
    desk
        Asked for anew whenever something is read or written: an open page outlives a sign-in.
    """

    MOST = 500  # so many notes and disagreements of one call are shown

    def __init__(self, desk: Callable[[], Desk], call_id: int) -> None:
        self._desk, self.call_id = desk, call_id

    @cached_property
    def _all(self) -> Everything:
        desk, this = self._desk(), self.call_id
        said = feedback.disagreements(desk, mine=True, call_id=this, limit=self.MOST)
        notes = feedback.notes(desk, this, limit=self.MOST)
        return Everything(
            desk.call(this),
            desk.policy,
            desk.person.role == "alone",
            feedback.owns(desk, this),
            feedback.choices(desk, this),
            said,
            notes,
        )

    def _changed(self) -> None:
        self.__dict__.pop("_all", None)

    @property
    def own(self) -> bool:
        """Whether it is the person's own call: only then they may see it differently."""
        return self._all.own

    @property
    def opens(self) -> bool:
        """Whether the whole call may be opened."""
        return self._all.call is not None

    @property
    def alone(self) -> bool:
        return self._all.alone

    @property
    def chooses(self) -> bool:
        """Whether there is a lead from whom the person may keep it, or with whom they may share it."""
        call = self._all.call
        return self.own and not self.alone and call is not None and call.team is not None

    @property
    def policy(self) -> Policy:
        return self._all.policy

    def of(self, moment: Moment) -> Spot:
        return Spot(self.call_id, moment.turn, moment.axis, moment.kind)

    def differently(self, spot: Spot) -> Disagreement | None:
        """The last that was said of this very spot."""
        same = (d for d in self._all.disagreements if (d.turn, d.axis, d.kind) == (spot.turn, spot.axis, spot.kind))
        return next(same, None)

    def of_turns(self) -> dict[int, list[Disagreement]]:
        """What was said of turns, and not of moments."""
        found: dict[int, list[Disagreement]] = {}
        for said in self._all.disagreements:
            if said.kind is None and said.turn is not None and not said.withdrawn_at:
                found.setdefault(said.turn, []).append(said)
        return found

    def notes(self, turn: int | None) -> list[Note]:
        return [note for note in self._all.notes if note.turn == turn]

    def lead_sees_from(self, moment: Moment) -> datetime | None:
        """When the person's lead may see a moment; None where they never may."""
        known = self._all
        if known.call is None or (moment.heard and known.policy.delivery != "team"):
            return None
        return feedback.lead_sees_from(known.policy, known.call, known.choices, self.of(moment))

    def kept_by_another(self, moment: Moment) -> bool:
        """Whether a moment is kept private because another one in the same words is."""
        mine = moment.turn, moment.axis, moment.kind
        return any(
            key[0] == moment.turn and key != mine and choice == "private" for key, choice in self._all.choices.items()
        )

    @property
    def call_choice(self) -> str | None:
        return self._all.call.choice if self._all.call else None

    def choose(self, moment: Moment, sees: Sees) -> None:
        """Keep a moment for oneself, or let the lead see it: when the policy says, where it says so at all."""
        feedback.choose(self._desk(), self.of(moment), "private" if sees == "rep" else None)
        self._changed()
        if sees == "lead" and self.lead_sees_from(moment) is None:
            feedback.choose(self._desk(), self.of(moment), "shared")
            self._changed()

    def choose_call(self, choice: feedback.Chosen | None) -> None:
        feedback.choose_call(self._desk(), self.call_id, choice)
        self._changed()

    def disagree(self, spot: Spot, reason: str, rating: int | None) -> None:
        feedback.disagree(self._desk(), spot, reason, rating)
        self._changed()

    def withdraw(self, disagreement: int) -> None:
        feedback.withdraw(self._desk(), disagreement)
        self._changed()

    def write_note(self, turn: int | None, text: str) -> None:
        feedback.write_note(self._desk(), self.call_id, turn, text)
        self._changed()

    def remove_note(self, note: int) -> None:
        feedback.remove_note(self._desk(), note)
        self._changed()
