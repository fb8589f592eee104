"""One call: what it was, its moments, the timeline, the transcript."""

from collections.abc import Callable
from html import escape

import streamlit as st

from coach.calls import Review
from coach.dashboard import marks, timeline, words
from coach.dashboard.cards import Clip, draw_moments
from coach.dashboard.rep.feedback import draw_actions, draw_call_actions
from coach.dashboard.rep.lines import draw_transcript
from coach.dashboard.rep.spoken import Spoken, draw_spoken
from coach.dashboard.rep.voice import Voice
from coach.store import CallRow


def draw_call(
    row: CallRow,
    review: Review,
    clip: Clip,
    decide: Callable[[bool], None],
    voice: Voice,
    sound: Callable[[], bytes | None] | None = None,
    spoken: Spoken | None = None,
    dark: bool = False,
    turn: int | None = None,
) -> None:
    """Draw all of it; `decide` is called with True to swap the speakers, with False when they are right.

    `voice` is what the person has said of the call, `sound` the whole recording, `turn` the line to begin with.

    `spoken` is None for a visitor who may not see how the rep spoke: then nothing tells that there is such a thing.
    """
    st.html(_header(row))
    draw_call_actions(voice)
    if row.words_removed_at:
        st.html(f'<p class="notice">{escape(words.without_words(row))}</p>')
    elif any(turn.speaker == "rep" for turn in review.call.turns):
        _draw_speakers(row, decide)
    if review.not_scored:
        st.html(f'<p class="notice"><b>Not scored:</b> {escape(review.not_scored)}.</p>')
    else:
        remarks = spoken.remarks(review) if spoken else ()
        draw_moments(review, clip, remarks, lambda moment: draw_actions(voice, moment))
    _draw_timeline(review, dark)
    if spoken:
        draw_spoken(review, spoken, dark)
    if review.call.turns and not row.words_removed_at:
        draw_transcript(review, voice, sound, turn)


def _header(row: CallRow) -> str:
    headline = words.headline(row)
    other = row.queue if headline == row.title else row.title
    facts = (row.rep or "rep not named", row.team, words.day(row), words.length(row.duration), other)
    return (
        f'<h1>{escape(headline)}</h1><p class="facts">{escape(" · ".join(fact for fact in facts if fact))}</p>'
        f"{marks.meters(row.scores, row.unsure) if row.scores else ''}"
    )


def _draw_speakers(row: CallRow, decide: Callable[[bool], None]) -> None:
    with st.container(horizontal=True, vertical_alignment="center", key="speakers"):
        st.html(f'<p class="facts">{escape(words.speakers(row))}</p>', width="content")
        if row.not_scored and row.rep_confidence is not None:
            st.button("Yes, that is right", icon=":material/check:", key="right", on_click=decide, args=(False,))
        help_text = "If the rep and the customer are mixed up: swaps them and scores the call again."
        swap_icon = ":material/swap_horiz:"
        st.button("Swap speakers", icon=swap_icon, help=help_text, key="swap", on_click=decide, args=(True,))


def _draw_timeline(review: Review, dark: bool) -> None:
    turns = review.call.turns
    if any(turn.speaker == "unknown" for turn in turns) or all(turn.start is None for turn in turns):
        return
    st.html("<h2>The call at a glance</h2>" + ("" if review.not_scored else timeline.key(review)))
    st.altair_chart(
        timeline.chart(review, dark), width="stretch", key="timeline", alt="Who spoke when, and the moments"
    )
