"""One coaching session of a lead: /session?id=ID."""

from datetime import date
from html import escape

import streamlit as st

from coach.dashboard import resources, routes, words
from coach.dashboard.excerpts import draw_excerpt, heard, suggested
from coach.dashboard.lead import closing, coaching, stage
from coach.dashboard.lead.following import draw_follow_up
from coach.dashboard.lead.preparing import Ways, draw_preparing
from coach.store import Desk
from coach.store.coaching import preparing, together
from coach.store.coaching.follow_up import follow_up
from coach.store.coaching.sessions import Item, SessionRow, items, session
from coach.store.coaching.together import Side

PREPARE, RUN, CLOSE = "Prepare", "Run", "Close"
ID_DIGITS = 9  # no more fit a database's integer


def page(desk: Desk, wanted: str) -> None:
    row = session(desk, int(wanted)) if wanted.isdecimal() and len(wanted) <= ID_DIGITS else None
    if row is None:
        st.info("This session is not here. It may have been discarded.")
        return
    log_once(desk, row)
    if row.stage == "closed":
        draw_closed(desk, row)
    else:
        draw_open(desk, row)


def log_once(desk: Desk, row: SessionRow) -> None:
    if st.session_state.get("opened") != row.id:
        desk.log("opened session", session=row.id)
        st.session_state["opened"] = row.id


def draw_title(row: SessionRow) -> None:
    st.html(f"<h1>Session with {escape(row.rep)}</h1>")


def draw_parts(first: str) -> str:
    return st.segmented_control(
        "Part of the session",
        [PREPARE, RUN, CLOSE],
        default=first,
        required=True,
        key="part",
        label_visibility="collapsed",
    )


@st.fragment
def draw_open(desk: Desk, row: SessionRow) -> None:
    with st.container(horizontal=True, vertical_alignment="center", key="session-head"):
        draw_title(row)
        view = draw_parts(RUN if row.held_at else PREPARE)
    row, found = session(desk, row.id) or row, items(desk, row.id)
    if view == PREPARE:
        draw_preparing(row, found, lambda moment: draw_excerpt(desk, moment), ways(desk, row))
    elif view == CLOSE:
        closing.draw_closing(found, lambda focus, agreed, due: close(desk, row, focus, agreed, due))
    elif row.held_at is None:
        stage.draw_begin(row, ways(desk, row))
    else:
        run(desk, row, [item for item in found if item.found])


def run(desk: Desk, row: SessionRow, found: list[Item]) -> None:
    if not found:
        st.html('<p class="facts">There is no moment in this session to listen to.</p>')
        return
    here = f"at-{row.id}"
    at = min(st.session_state.get(here, 0), len(found) - 1)
    item = found[at]
    with st.container(key="stage"):
        stage.draw_steps(at, len(found), lambda by: st.session_state.update({here: at + by}))
        parts = item.found and heard(desk, item.found)
        if item.found and parts:
            stage.draw_stage(*parts)
            reasons, ratings = st.columns(2, gap="large")
            with reasons:
                stage.draw_why(item.found)
                stage.draw_talk_points(item)
            with ratings:
                names: dict[Side, str] = {"lead": row.lead or "Lead", "rep": row.rep}
                stage.draw_ratings(item, together.both(desk, row.id, item.id), names, ways(desk, row))


def draw_closed(desk: Desk, row: SessionRow) -> None:
    draw_title(row)
    st.html(f'<p class="facts">Closed on {words.date_of(row.closed_at or row.made_at)}</p>')
    coaching.draw_agreed(row)
    draw_follow_up(row, follow_up(desk, row))
    st.html("<h2>What you talked over</h2>")
    for item in items(desk, row.id):
        with st.container(border=True, key=f"moment-{item.id}"):
            if item.found:
                draw_excerpt(desk, item.found)
                coaching.draw_note("Your talk points", item.note)
            else:
                st.html(f'<p class="facts">{coaching.GONE}</p>')
    coaching.draw_note("Your notes", row.plan)


def close(desk: Desk, row: SessionRow, focus: str, agreed: str, due: date | None) -> None:
    preparing.close(desk, row.id, focus, agreed, due)
    st.rerun()


def ways(desk: Desk, row: SessionRow) -> Ways:
    """What the buttons do."""

    def suggest() -> None:
        for spot in suggested(desk, row.rep):
            preparing.add(desk, row.id, spot)

    def rate(item: int, side: Side, rating: int) -> None:
        together.rate(desk, row.id, item, side, rating, blind=not st.session_state.get(f"shown-{item}"))

    def discard() -> None:
        preparing.discard(desk, row.id)
        st.switch_page(routes.COACHING_SESSIONS)

    return Ways(
        move=lambda item, by: preparing.move(desk, row.id, item, by),
        remove=lambda item: preparing.remove(desk, row.id, item),
        note=lambda item, text: preparing.write_note(desk, row.id, item, text),
        plan=lambda text: preparing.write_plan(desk, row.id, text),
        begin=lambda: preparing.hold(desk, row.id),
        suggest=suggest,
        rate=rate,
        discard=discard,
    )


desk = resources.desk()
if routes.is_for(desk.person, routes.COACHING_SESSIONS):
    st.page_link(routes.COACHING_SESSIONS, label="All sessions", icon=":material/arrow_back:")
page(desk, st.query_params.get("id", ""))
