"""Who may see how a rep spoke: decided here and nowhere else. What nobody may see is not kept either."""

from typing import Any, Literal

DeliveryPolicy = Literal["off", "rep", "team"]
Viewer = Literal["rep", "lead", "operations"]
DEFAULT: DeliveryPolicy = "rep"
SEES: dict[DeliveryPolicy, tuple[Viewer, ...]] = {"off": (), "rep": ("rep",), "team": ("rep", "lead")}


def split(review: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Any] | None]:
    """A review's JSON without any delivery, and the delivery by itself: None where there is none.

    They are kept apart so that a reading which may not see delivery never touches it.
    """
    turns = [{key: value for key, value in turn.items() if key != "delivery"} for turn in review["turns"]]
    moments = [moment for moment in review["moments"] if not moment["heard"]]
    words = {key: value for key, value in review.items() if key not in ("speech", "timing")}
    words |= {"turns": turns, "moments": moments}
    apart = {"speech": review.get("speech"), "timing": review.get("timing")}
    if not any(apart.values()):
        return words, None
    how = [turn.get("delivery") for turn in review["turns"]]
    return words, apart | {"turns": how, "moments": review["moments"]}


def join(words: dict[str, Any], delivery: dict[str, Any]) -> dict[str, Any]:
    """The inverse of `split`."""
    turns = [turn | {"delivery": how} for turn, how in zip(words["turns"], delivery["turns"], strict=True)]
    return words | delivery | {"turns": turns}
