"""What to say of a moment: what the customer hears, and what to try instead, filled with what was said."""

import re
import tomllib
from hashlib import sha256
from pathlib import Path

TEXTS: dict[str, dict[str, list[str]]] = tomllib.loads(Path(__file__).with_suffix(".toml").read_text("utf-8"))

QUOTE_WORDS = 12
ASKED_WORDS = 12
_LOOSE = " \t\n.,;:-–—…"  # noqa: RUF001 (dashes as transcribers print them)


class Tips:
    """Reasons and tips for the moments of one call; none is given twice in a call while others remain.

    The choice hangs on the call's id and the turn alone, so a call reads the same every time it is opened.
    """

    def __init__(self, call_id: str) -> None:
        self._call_id = call_id
        self._told: list[str] = []

    def why(self, behaviour: str, quote: str, asked: str | None, turn: int) -> str:
        """What the customer hears in `quote`; `behaviour` may be an axis where no single phrase carries it."""
        return self._tell(TEXTS[behaviour]["why"], quote, asked, turn)

    def tip(self, behaviour: str, quote: str, asked: str | None, turn: int) -> str:
        """What to try instead of `quote` (or, for empathy, how to go on); `asked` as `quotable` returns it."""
        return self._tell(TEXTS[behaviour]["tips"], quote, asked, turn)

    def _tell(self, texts: list[str], quote: str, asked: str | None, turn: int) -> str:
        fitting = [text for text in texts if asked or "{asked}" not in text]
        fewest = min(self._told.count(text) for text in fitting)
        fresh = [text for text in fitting if self._told.count(text) == fewest]
        chosen = min(fresh, key=lambda text: sha256(f"{self._call_id} {turn} {text}".encode()).digest())
        self._told.append(chosen)
        return chosen.format(quote=shorten(quote, QUOTE_WORDS), asked=asked)


def quotable(text: str) -> str | None:
    """The customer's words worth giving back: their last question, else their last full sentence, if any.

    Numbers and names that are spelled out are left alone.
    """
    sentences = [s for s in re.split(r"(?<=[.?!])\s+", text) if len(s.split()) > 2 and not _is_spelled(s)]
    questions = [s for s in sentences if s.endswith("?")]
    best = (questions or sentences)[-1:]
    return shorten(best[0], ASKED_WORDS) if best else None


def _is_spelled(text: str) -> bool:
    letters = [part for part in re.split(r"[\s,.?!-]+", text) if len(part) == 1 and part not in "aAIO"]
    return len(letters) > 1 or len(re.findall(r"\d", text)) > 2


def shorten(text: str, words: int) -> str:
    """`text` without loose ends, fit to stand between quotation marks; cut after a clause if it is too long."""
    parts = re.sub(r"\.{2,}", "…", re.sub(r"[“”\"«»]", "", text)).strip(_LOOSE).split()
    if len(parts) <= words:
        return " ".join(parts)
    clauses = [n for n in range(words // 2, words + 1) if parts[n - 1][-1] in ",;.?!"]
    return " ".join(parts[: clauses[-1] if clauses else words]).rstrip(_LOOSE + "?!") + "…"
