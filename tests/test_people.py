"""The admin's page of the people, and the page of one's own password."""

from pathlib import Path

import pytest
from pages import ROOT, text_of
from streamlit.testing.v1 import AppTest

from coach.dashboard import resources
from coach.store import ALONE, Desk, Person, Store
from coach.store.accounts import signing
from coach.store.accounts.accounts import accounts, add

PASSWORD = "correct horse battery"


@pytest.fixture
def people(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Store:
    monkeypatch.setenv("TONE_COACH_DB", f"sqlite:///{tmp_path}/coach.db")
    store = Store(f"sqlite:///{tmp_path}/coach.db")
    add(Desk(store, ALONE), "pat", "admin", name="Pat <i>", password=PASSWORD)
    add(Desk(store, ALONE), "ann", "rep", rep="Ann", name="Ann", password=PASSWORD)
    monkeypatch.setattr(resources, "person", lambda: Person("admin", account=1, name="Pat"))
    return store


def opened(name: str) -> AppTest:
    app = AppTest.from_file(str(ROOT / "app.py"), default_timeout=60).run()
    app.switch_page(f"coach/dashboard/pages/{name}.py").run()
    assert not app.exception
    return app


def press(app: AppTest, label: str) -> AppTest:
    next(button for button in app.button if button.label == label).click().run()
    assert not app.exception
    return app


def fill(app: AppTest, **values: str) -> None:
    for label, value in values.items():
        next(field for field in app.text_input if field.label.startswith(label)).input(value)


def dialog(login: str | None) -> None:
    """What the page opens when its buttons are pressed."""
    from coach.dashboard import resources
    from coach.dashboard.doors.accounts import draw_adding, draw_changing
    from coach.dashboard.doors.admitting import doing_of
    from coach.store.accounts.accounts import accounts

    desk = resources.desk()
    if login is None:
        draw_adding(doing_of(desk))
    else:
        draw_changing(next(row for row in accounts(desk) if row.login == login), doing_of(desk))


def asked(login: str | None = None) -> AppTest:
    return AppTest.from_function(dialog, args=(login,), default_timeout=60).run()


def test_the_admin_lets_somebody_in_with_a_password_that_is_shown_once(people: Store) -> None:
    app = asked()
    fill(app, Login="bo@example.com", Name="Bo")
    assert "A rep needs the name" in press(app, "Let them in").error[0].value
    fill(app, Whose="Bo R.")
    password = press(app, "Let them in").code[0].value
    assert signing.person_of(people, signing.sign_in(people, "bo@example.com", password)).name == "Bo"
    page = text_of(opened("accounts"))
    assert "calls of Bo R." in page and password not in page


def test_the_admin_changes_removes_and_restores_accounts_but_not_the_last_admin(people: Store) -> None:
    app = asked("ann")
    fill(app, Name="Ann B.")
    press(app, "Save")
    assert [row.name for row in accounts(Desk(people, ALONE))] == ["Ann B.", "Pat <i>"]
    assert "is the last admin" in press(asked("pat"), "Remove").error[0].value
    press(asked("ann"), "Remove")
    assert accounts(Desk(people, ALONE))[-1].removed_at and "removed on" in text_of(opened("accounts"))
    press(asked("ann"), r"Let Ann B\. in again, as the same person as before")
    assert signing.sign_in(people, "ann", press(asked("ann"), "New password").code[0].value)


def test_another_person_finds_nobody_there(people: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(resources, "person", lambda: Person("admin", account=2))  # an admin no more
    app = opened("accounts")
    assert app.info[0].value == "This page is for admins." and "Ann" not in text_of(app)


def test_who_is_alone_reads_how_to_let_others_in(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TONE_COACH_DB", f"sqlite:///{tmp_path}/coach.db")
    app = opened("accounts")
    assert "only you here" in text_of(app) and app.code[0].value == "coach accounts add NAME --role admin"
    assert "without a password" in text_of(opened("password"))


def test_one_changes_ones_own_password(people: Store) -> None:
    app = opened("password")
    for present, wanted, again, said in (
        (PASSWORD, "a new one for me", "a new one for you", "typed in two ways"),
        ("wrong", "a new one for me", "a new one for me", "not your password now"),
        (PASSWORD, "short", "short", "12 to 1000 characters"),
    ):
        fill(app, Your=present, A=wanted, The=again)
        assert said in press(app, "Change it").error[0].value.replace("\\", "")
    fill(app, Your=PASSWORD, A="a new one for me", The="a new one for me")
    assert "Done." in text_of(press(app, "Change it")) and signing.sign_in(people, "pat", "a new one for me")
