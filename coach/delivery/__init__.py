"""How a rep speaks: timing and voice, measured and compared with the rep's own usual; never a feeling."""

from dataclasses import asdict, replace
from pathlib import Path

from coach.calls import Call, Delivery, Timing
from coach.delivery.timing import deliveries, timing


def measure(call: Call, recording: str | Path | None = None) -> tuple[tuple[Delivery | None, ...], Timing | None]:
    """Delivery of each turn (None where it isn't the rep's) and timing of a whole call.

    Parameters
    ----------
    recording
        The call's sound, for what only the voice can show; without it that stays None.

    Returns
    -------
    deliveries, timing
        `()` and None where nothing can be measured: a transcript without times, or a call whose rep is not known.

    Raises
    ------
    InputError
        Where the recording can't be used.
    """
    whole = timing(call)
    if whole is None:
        return (), None
    timed = deliveries(call)
    return (_with_voice(timed, call, recording) if recording and call.speech else timed), whole


def _with_voice(timed: tuple[Delivery | None, ...], call: Call, recording: str | Path) -> tuple[Delivery | None, ...]:
    from coach.delivery.voice import voices  # loads its model, which a transcript does not need

    return tuple(
        replace(turn, **asdict(voice)) if turn and voice else turn
        for turn, voice in zip(timed, voices(call, recording), strict=True)
    )
