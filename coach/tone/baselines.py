"""What the tone model is measured against: a word list, saying nothing, and one rater."""

import re

from coach.calls import AXES, Axis, Score

PHRASES: dict[Axis, tuple[str, ...]] = {
    "condescension": (
        "obviously", "clearly", "as i said", "slowly", "wasn't so hard", "not that hard", "simple", "simply", "dear",
        "sweetie", "honey", "good girl", "good boy", "well done", "you should have", "you should've", "supposed to",
        "you did it wrong", "didn't you", "if you had", "if you'd", "did you read", "it's right there", "it says",
        "the terms", "you agreed", "you signed", "our policy", "the policy", "nothing i can do", "that's not what",
        "everybody else", "everyone else", "only on the", "not even a", "just a", "like i explained", "listen",
    ),
    "impatience": (
        "as i already", "already told", "already said", "like i said", "as i said", "again", "i just told",
        "yeah, yeah", "yeah yeah", "okay okay", "okay, okay", "yes, yes", "just give me", "just tell me", "i got that",
        "keep this", "get to the point", "moving on", "anything else? no", "look it up", "online", "not us",
        "not my department", "the website", "call back", "slammed", "other people waiting", "other calls", "busy",
        "i don't have time", "hurry", "fine.", "are you done", "go ahead, go", "bottom line",
    ),
    "empathy": (
        "sorry to hear", "so sorry", "i'm sorry", "that must", "that sounds", "i can imagine", "i'd be", "frustrat",
        "worrying", "no wonder", "i understand", "i hear you", "makes sense", "you're right", "take your time",
        "i'll stay", "i'll ring you", "i'll call you", "myself", "i'll make sure", "let me take care", "my fault",
        "been with us", "thank you for telling", "thanks for telling", "how are you", "lot of people",
        "for your patience", "so you", "that's awful", "must have been",
    ),
}  # fmt: skip
PATTERNS = {
    axis: re.compile(rf"\b({'|'.join(map(re.escape, words))})", re.IGNORECASE) for axis, words in PHRASES.items()
}


def word_list(text: str) -> dict[Axis, Score]:
    """A point for each phrase of the rubric's kind that a turn contains."""
    hits = {axis: len(PATTERNS[axis].findall(text)) for axis in AXES}
    return {axis: Score(min(n, 3), min(n, 1), min(n / 2, 1)) for axis, n in hits.items()}


def nothing() -> dict[Axis, Score]:
    """The commonest rating of each axis: absent."""
    return {axis: Score(0.0, 0.0, 0.0) for axis in AXES}
