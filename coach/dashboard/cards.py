"""Moments, one card each: the words, the sound, the reason, and what to try or keep."""

from collections.abc import Callable, Iterable, Sequence
from html import escape

import streamlit as st

from coach.calls import Moment, Review
from coach.dashboard import marks, words
from coach.delivery.remarks import Remark
from coach.report import clock

Clip = Callable[[Moment], bytes | None]
Actions = Callable[[Moment], None]
ORDER = ("strength", "giveaway")


def numbered(moments: Sequence[Moment]) -> list[tuple[int, Moment]]:
    """Moments as they are shown, strengths first, each kind in the order of the call, with their numbers from 1."""
    ordered = sorted(moments, key=lambda m: (ORDER.index(m.kind), m.turn))
    return list(enumerate(ordered, start=1))


def draw_moments(review: Review, clip: Clip, remarks: Sequence[Remark] = (), actions: Actions | None = None) -> None:
    """A card for each moment, with what stood out in how it was spoken, and what can be done about it."""
    st.html("<h2>Moments worth hearing</h2>")
    if not review.moments:
        st.html('<p class="facts">Nothing stood out in this call, neither way.</p>')
    sounds = {moment: clip(moment) for moment in review.moments}
    if review.moments and not any(sounds.values()):
        st.html(f'<p class="facts">{silence(review)}</p>')
    for number, moment in numbered(review.moments):
        with st.container(border=True, key=f"moment-{number}"):
            said = [remark for remark in remarks if remark.turn == moment.turn]
            draw_moment(review, moment, sounds[moment], number, said)
            if actions:
                actions(moment)


def draw_moment(
    review: Review,
    moment: Moment,
    sound: bytes | None,
    number: int | None = None,
    remarks: Iterable[Remark] = (),
    where: str = "",
) -> None:
    """What a moment is: its words in a review or an excerpt of one, its sound, why, and what to try or keep.

    `where` says which call it is from, where the page is not about one.
    """
    whence = f'<p class="facts">{escape(where)}</p>' if where else ""
    st.html(_heading(number, moment) + whence + _quote(review, moment))
    if sound:
        st.audio(sound, format="audio/wav", alt=f"{words.KIND[moment.kind]}: {moment.quote}")
    st.html(_reason(moment) + _spoken(remarks))


def silence(review: Review) -> str:
    if review.call.recording is None:
        return "This call came as a transcript: there is nothing to play."
    return "The recording is no longer where it was: there is nothing to play."


def _heading(number: int | None, moment: Moment) -> str:
    badge = "" if number is None else f'<span class="badge {moment.kind}">{number}</span>'
    return (
        f'<div class="moment-head">{badge}<h3>{words.KIND[moment.kind]}</h3>'
        f'{_about(moment)}<span class="time">{clock(moment.start)}</span></div>'
    )


def _about(moment: Moment) -> str:
    if words.is_hollow(moment):
        return f'<span class="about">{escape(words.behaviours(moment.behaviours))}</span>'
    about = " · ".join(part for part in (words.AXIS[moment.axis], words.behaviours(moment.behaviours)) if part)
    return f'<span class="about {moment.axis}">{words.SIGN[moment.axis]} {escape(about)}</span>'


def _quote(review: Review, moment: Moment) -> str:
    if not moment.quote:  # the words of old calls are removed
        return ""
    turn, rating = review.call.turns[moment.turn], review.ratings[moment.turn]
    before = review.call.turns[moment.turn - 1] if moment.turn else turn
    heard = before.speaker == "customer"
    context = f'<p class="before">Customer: {escape(_end_of(before.text))}</p>' if heard else ""
    return f'{context}<blockquote class="quote">{marks.quote_text(moment, turn, rating)}</blockquote>'


def _end_of(text: str, most: int = 160) -> str:
    """The last words before the moment, as many as a glance takes in."""
    return text if len(text) <= most else "… " + text[-most:].partition(" ")[2]


def _reason(moment: Moment) -> str:
    advice = f'<p class="tip"><b>{words.ADVICE[moment.kind]}</b> {escape(moment.tip)}</p>' if moment.tip else ""
    return f'<p class="why">{escape(moment.why)}</p>{advice}'


def _spoken(remarks: Iterable[Remark]) -> str:
    told = " ".join(remark.text for remark in remarks)
    return f'<p class="heard"><b>How you said it:</b> {escape(told)}</p>' if told else ""
