"""What was found, where."""

from dataclasses import dataclass
from typing import Literal

Kind = Literal["card", "phone", "email", "dob", "account", "code", "expiry", "name"]
PLACEHOLDERS: dict[Kind, str] = {
    "card": "[card number]",
    "phone": "[phone]",
    "email": "[e-mail]",
    "dob": "[date of birth]",
    "account": "[account number]",
    "code": "[security code]",
    "expiry": "[expiry date]",
    "name": "[name]",
}


@dataclass(frozen=True, slots=True, order=True)
class Found:
    """Characters `start` to `end` of a turn's text are personal."""

    turn: int
    start: int
    end: int
    kind: Kind
