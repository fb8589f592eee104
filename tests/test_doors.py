"""Who gets in, tried from outside on the real server: pages, sounds, forged cookies, the pages of other roles."""

import re
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import pytest
from hand_made import record, review, spoken
from pages import opened, text_of
from served import Visitor, free_port, serving
from websockets.exceptions import InvalidStatus

from coach.store import ALONE, Desk, Store
from coach.store.accounts.accounts import add, change, remove

PASSWORD = "correct horse battery"
ANNS, BENS = "How can I help", "Bens own words"


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Store:
    """Ann of the team North has the call 1, Ben the call 2; all may sign in."""
    folder = tmp_path_factory.mktemp("doors")
    store = Store(f"sqlite:///{folder}/coach.db")
    sound = record(folder / "boiler.wav", review().call)
    store.save(review(sound), digest="of Ann", rep="Ann", team="North", title="Boiler out")
    store.save(spoken(), digest="of Ben", rep="Ben", team="South", title=BENS)
    desk = Desk(store, ALONE)
    add(desk, "pat", "admin", password=PASSWORD)
    add(desk, "ann", "rep", rep="Ann", name="Ann <b>A.</b>", password=PASSWORD)
    add(desk, "ben", "rep", rep="Ben", password=PASSWORD)
    add(desk, "lee", "lead", teams=["North"], password=PASSWORD)
    add(desk, "ops", "operations", password=PASSWORD)
    return store


@pytest.fixture(scope="module")
def host(store: Store) -> Iterator[str]:
    with serving(store.url, port=free_port()) as host:
        yield host


@pytest.fixture
def stranger(host: str) -> Visitor:
    return Visitor(host)


@pytest.fixture(scope="module")
def ann(host: str) -> Visitor:
    return signed_in(host, "ann")


def signed_in(host: str, login: str) -> Visitor:
    visitor = Visitor(host)
    assert visitor.sign_in(login, PASSWORD).status == 303
    return visitor


def test_a_stranger_is_shown_the_way_in_and_nothing_else(stranger: Visitor) -> None:
    asked = stranger.get("/call?id=1")
    assert (asked.status, asked.to, asked.text) == (303, "/sign-in?next=%2Fcall%3Fid%3D1", "")
    page = stranger.follow(asked).text
    assert 'autocomplete="current-password"' in page and "Boiler" not in page
    for path in ("/media/abc.wav", "/_stcore/host-config", "/component/x", "/static/../media/x", "/app/static/x"):
        assert stranger.get(path, {}).status in (403, 404, 400)
    assert stranger.ask("PUT", "/_stcore/upload_file/a/b", "x").status == 403
    assert stranger.get("/_stcore/health", {}).text == "ok"
    with pytest.raises(InvalidStatus, match="403"), stranger.page():
        pass


@pytest.mark.parametrize(("login", "password"), [("ben", "not the password"), ("nobody", PASSWORD), ("", "")])
def test_a_wrong_password_and_an_unknown_name_get_the_same_answer(stranger: Visitor, login: str, password: str) -> None:
    said = stranger.sign_in(login, password)
    assert said.status == 401 and "do not go together" in said.text and stranger.cookies == {}


def test_who_signs_in_gets_where_they_wanted_with_a_cookie_that_no_script_reads(stranger: Visitor) -> None:
    said = stranger.post("/sign-in?next=/call%3Fid%3D2", login="BEN", password=PASSWORD)
    assert (said.status, said.to) == (303, "/call?id=2")
    cookie = said.headers["Set-Cookie"]
    assert "HttpOnly" in cookie and "SameSite=strict" in cookie and "Secure" not in cookie
    assert stranger.get("/call").status == 200 and stranger.get("/sign-in").status == 303


@pytest.mark.parametrize("wanted", ["//evil.example/", "https://evil.example/", "/\\evil.example", "/\tx", ""])
def test_nobody_is_sent_elsewhere_after_signing_in(stranger: Visitor, wanted: str) -> None:
    assert stranger.post(f"/sign-in?next={quote(wanted)}", login="ben", password=PASSWORD).to == "/"


@pytest.mark.parametrize("origin", ["http://evil.example", "null", "https://127.0.0.1", ""])
def test_a_form_of_another_site_is_not_taken(stranger: Visitor, ann: Visitor, origin: str) -> None:
    assert stranger.sign_in("ann", PASSWORD, origin=origin).status == 403
    assert ann.post("/sign-out", origin=origin).status == 403
    assert stranger.cookies == {} and ann.get("/").status == 200


def test_a_name_that_was_tried_too_often_has_to_wait(stranger: Visitor) -> None:
    said = [stranger.sign_in("often", "wrong") for _ in range(6)]
    assert [answer.status for answer in said] == [401] * 5 + [429]
    assert "Please wait 1 minute, then try again" in said[-1].text
    assert stranger.sign_in("x" * 20_000, PASSWORD).status == 401


@pytest.mark.parametrize("change", [str.swapcase, lambda token: token[:-1], lambda token: token + "x", lambda _: ""])
def test_a_cookie_that_was_tampered_with_is_nobodys(host: str, ann: Visitor, change) -> None:
    forged = Visitor(host, {"tone_coach": change(ann.cookies["tone_coach"]), "_streamlit_user": "forged.by.me"})
    assert forged.get("/").status == 303
    with pytest.raises(InvalidStatus), forged.page():
        pass


def test_a_cookie_is_worth_nothing_after_signing_out(host: str) -> None:
    visitor = signed_in(host, "ann")
    kept = Visitor(host, dict(visitor.cookies))
    with kept.page() as page:
        assert "Ann" in page.click()
        assert visitor.post("/sign-out").to == "/sign-in"
        said = page.click()
    assert "You are signed out" in said and "Ann" not in said
    assert visitor.cookies["tone_coach"] == "" and kept.get("/").status == 303


def test_a_rep_finds_their_own_call_and_no_other_whatever_the_address(ann: Visitor) -> None:
    with ann.page("call", "id=1") as page:
        said = page.click()
        assert ANNS in said and "Ann &lt;b&gt;A.&lt;/b&gt;" in said
    with ann.page("call", "id=2") as page:
        others = page.click()
    with ann.page("call", "id=77") as page:
        nowhere = page.click()
    assert "This call is not here" in others and BENS not in others
    assert facts_of(others) == facts_of(nowhere) != []


def facts_of(said: str) -> list[str]:
    return re.findall(r'(?:body|label): "(.*)"', said)


@pytest.mark.parametrize(
    ("login", "pages", "shown"),
    [
        ("ann", ("policy", "accounts", "runs", "trail"), ("Who may sign in", "calls of Ben")),
        ("lee", ("policy", "accounts", "trail"), ("Who may sign in", "calls of Ben")),
        ("ops", ("policy", "accounts", "calls", "call"), ("Who may sign in", "Boiler out", ANNS)),
        ("pat", ("calls", "call", "team"), ("Boiler out", ANNS, BENS)),
    ],
)
def test_pages_of_another_role_are_not_there(
    host: str, login: str, pages: tuple[str, ...], shown: tuple[str, ...]
) -> None:
    visitor = signed_in(host, login)
    for name in pages:
        with visitor.page(name, "id=1") as page:
            said = page.click()
        assert not [text for text in shown if text in said], name


def test_the_admin_finds_the_people(host: str) -> None:
    with signed_in(host, "pat").page("accounts") as page:
        said = page.click()
    assert "Who may sign in" in said and "calls of Ben" in said and "leads North" in said


def test_the_sound_of_a_call_is_for_those_who_are_signed_in(ann: Visitor, stranger: Visitor) -> None:
    with ann.page("call", "id=1") as page:
        clip = re.search(r"/media/\w+\.wav", page.click())[0]
        heard = ann.get(clip, {})
        assert heard.status == 200 and heard.headers["Cache-Control"] == "no-store"
        assert stranger.get(clip, {}).status == 403


def test_who_was_removed_or_moved_finds_so_with_the_next_click_on_an_open_page(store: Store, host: str) -> None:
    desk = Desk(store, ALONE)
    add(desk, "kim", "rep", rep="Kim", password=PASSWORD)
    visitor = signed_in(host, "kim")
    with visitor.page("call", "id=1") as page:
        assert "This call is not here" in page.click()
        change(desk, "kim", name="Kim K.")
        assert "Kim K." in page.click()
        remove(desk, "kim")
        assert "You are signed out" in page.click() and "Kim" not in page.click()
    assert visitor.get("/").status == 303 and visitor.sign_in("kim", PASSWORD).status == 401


def test_a_link_in_a_mail_leads_where_it_should_although_the_browser_sends_no_cookie_along(
    stranger: Visitor, ann: Visitor
) -> None:
    once = stranger.get('/call?id=1&x="><script>', {"Accept": "text/html", "Sec-Fetch-Site": "cross-site"})
    assert once.status == 200 and "<script>" not in once.text
    assert ann.follow(once).status == 200


def test_the_pages_are_not_shown_in_a_strangers_frame(ann: Visitor, stranger: Visitor) -> None:
    assert ann.get("/").headers["X-Frame-Options"] == "SAMEORIGIN"
    assert "frame-ancestors 'none'" in stranger.get("/sign-in").headers["Content-Security-Policy"]


def test_alone_until_there_is_an_account_and_only_on_this_computer(tmp_path: Path) -> None:
    store = Store(f"sqlite:///{tmp_path}/coach.db")
    store.save(review(), digest="of Ann", rep="Ann")
    with serving(store.url, port=free_port()) as host:
        visitor = Visitor(host)
        with visitor.page("call", "id=1") as page:
            assert ANNS in page.click()
            elsewhere = visitor.get("/", {"Accept": "text/html", "Host": "evil.example"})
            assert elsewhere.status == 303
            add(Desk(store, ALONE), "pat", "admin", password=PASSWORD)
            assert ANNS not in page.click()
        assert visitor.get("/").status == 303 and visitor.sign_in("pat", PASSWORD).status == 303


def test_on_a_network_nobody_gets_in_before_there_is_an_account(tmp_path: Path) -> None:
    store = Store(f"sqlite:///{tmp_path}/coach.db")
    with serving(store.url, port=free_port(), STREAMLIT_SERVER_ADDRESS="0.0.0.0") as host:
        said = Visitor(host).get("/sign-in").text
        assert "coach accounts add NAME --role admin" in said and "<form" not in said
        assert Visitor(host).get("/").status == 303


def test_without_its_doors_the_dashboard_shows_nothing_where_there_are_accounts(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TONE_COACH_DB", store.url)
    said = text_of(opened("1"))
    assert "has to be started with" in said and ANNS not in said
