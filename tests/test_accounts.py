"""Accounts, passwords and sign-ins in the store, and the commands that make them."""

import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from argon2 import PasswordHasher
from click.testing import CliRunner, Result
from sqlalchemy import select, update

from coach.calls import InputError
from coach.cli import main
from coach.store import ALONE, Desk, Person, Store
from coach.store.accounts import passwords, signing
from coach.store.accounts.accounts import (
    accounts,
    add,
    change,
    count_accounts,
    is_anybody_there,
    remove,
    restore,
    set_password,
)
from coach.store.accounts.signing import Refused, change_password, person_of, sign_in, sign_out, vouched
from coach.store.people import Account, AuditEntry, FailedSignIn, SignIn
from coach.store.schema import Rep

PASSWORD, OTHER = "correct horse battery", "tr0ub4dor and three"


@pytest.fixture(scope="module", autouse=True)
def quick() -> Iterator[None]:
    """As argon2id as ever, with less work."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(passwords, "_hasher", PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))
        passwords._nobodys.cache_clear()
        yield
    passwords._nobodys.cache_clear()


@pytest.fixture
def store(quick: None, url: str) -> Iterator[Store]:
    """With an admin, a rep and a lead."""
    store = Store(url)
    desk = Desk(store, ALONE)
    add(desk, "pat", "admin", password=PASSWORD)
    add(desk, "Ann@Example.com", "rep", rep="Ann", name="Ann", password=PASSWORD)
    add(desk, "lee", "lead", teams=["North", "South "], password=PASSWORD)
    yield store
    store.close()


@pytest.fixture
def desk(store: Store) -> Desk:
    """The command line's."""
    return Desk(store, ALONE)


def signed_in(store: Store, login: str = "ann@example.com", password: str = PASSWORD) -> Person | None:
    return person_of(store, sign_in(store, login, password))


def run(db: str, *arguments: str, stdin: str | None = None) -> Result:
    return CliRunner().invoke(main, ["accounts", *arguments, "--db", db], input=stdin)


def test_who_signs_in_is_who_the_account_says(store: Store, desk: Desk) -> None:
    with store.reading() as session:
        ann = session.scalars(select(Rep)).one()
    assert signed_in(store, " ANN@example.com ") == Person("rep", 2, "Ann", rep=ann.id)
    assert signed_in(store, "lee") == Person("lead", 3, "lee", teams=("North", "South"))


@pytest.mark.parametrize("url", ["SQLite"], indirect=True)  # its file is read
def test_neither_passwords_nor_tokens_nor_tried_names_can_be_read_in_the_database(store: Store, desk: Desk) -> None:
    token = sign_in(store, "lee", PASSWORD)
    with pytest.raises(Refused):
        sign_in(store, "my secret by mistake", PASSWORD)
    store.close()
    kept = b"".join(path.read_bytes() for path in store.folder.iterdir())
    assert b"$argon2id$" in kept and b"lee" in kept
    assert not any(secret.encode() in kept for secret in (PASSWORD, token, "my secret by mistake"))


@pytest.mark.parametrize(
    ("login", "password"),
    [
        ("lee", OTHER),
        ("lee", ""),
        ("nobody", PASSWORD),
        ("", ""),
        ("l\0ee", OTHER),
        ("vic", PASSWORD),
        ("gone", PASSWORD),
    ],
)
def test_a_wrong_password_and_an_unknown_name_are_refused_alike(
    store: Store, desk: Desk, login: str, password: str
) -> None:
    add(desk, "vic", "operations")
    add(desk, "gone", "operations", password=PASSWORD)
    remove(desk, "gone")
    with pytest.raises(Refused, match="do not go together"):
        sign_in(store, login, password)


def test_an_unknown_name_costs_as_much_work_as_a_wrong_password(store: Store, desk: Desk) -> None:
    checked: list[str] = []

    class Counting(PasswordHasher):
        def verify(self, kept, password):
            checked.append(kept)
            return super().verify(kept, password)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(passwords, "_hasher", Counting(time_cost=1, memory_cost=8, parallelism=1))
        for login in ("lee", "nobody"):
            with pytest.raises(Refused):
                sign_in(store, login, OTHER)
    real, made_up = (kept.split("$")[:4] for kept in checked)
    assert real == made_up


def test_a_password_that_was_kept_with_less_work_is_kept_with_more_once_it_is_known(
    store: Store, desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(passwords, "_hasher", PasswordHasher(time_cost=2, memory_cost=8, parallelism=1))
    assert signed_in(store) and signed_in(store)
    with store.reading() as session:
        assert ",t=2," in session.get_one(Account, 2).password and ",t=1," in session.get_one(Account, 3).password


@pytest.mark.parametrize("login", ["lee", "nobody"])
def test_after_a_few_tries_even_the_right_password_has_to_wait_longer_and_longer(
    store: Store, desk: Desk, login: str
) -> None:
    for _ in range(signing.FREE_TRIES):
        with pytest.raises(Refused, match="do not go"):
            sign_in(store, login, OTHER)
    for minutes in (1, 2, 4):
        with pytest.raises(Refused, match=f"wait {minutes} minute"):
            sign_in(store, login, PASSWORD)
        later(store, timedelta(minutes=minutes))
        with pytest.raises(Refused, match="do not go"):
            sign_in(store, login, OTHER)
    assert signed_in(store)
    later(store, signing.LONGEST_WAIT)
    if login == "lee":
        assert signed_in(store, "lee") and signed_in(store, "lee")


def later(store: Store, passed: timedelta) -> None:
    with store.writing() as session:
        for tried in session.scalars(select(FailedSignIn)):
            tried.at -= passed


def test_many_tries_at_once_get_no_further_than_one_after_the_other(store: Store, desk: Desk) -> None:
    said: list[str] = []

    def attempt() -> None:
        with pytest.raises(Refused) as refused:
            sign_in(store, "lee", OTHER)
        said.append(str(refused.value))

    threads = [threading.Thread(target=attempt) for _ in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum("do not go" in each for each in said) == signing.FREE_TRIES and len(said) == 12


def test_tries_of_many_names_are_slowed_down_together_and_forgotten_after_a_day(store: Store, desk: Desk) -> None:
    with store.writing() as session:
        now = datetime.now(UTC)
        session.add_all(FailedSignIn(login=str(n), at=now) for n in range(signing.TRIES_OF_ALL))
    with pytest.raises(Refused, match="too many tries"):
        sign_in(store, "lee", PASSWORD)
    later(store, timedelta(days=1))
    assert signed_in(store, "lee")
    with store.reading() as session:
        assert session.scalars(select(FailedSignIn)).all() == []


@pytest.mark.parametrize("token", ["", "x", "\0", "' OR 1=1 --"])
def test_a_token_that_was_never_given_is_nobodys(store: Store, desk: Desk, token: str) -> None:
    assert person_of(store, token) is None
    right = sign_in(store, "lee", PASSWORD)
    assert person_of(store, right + token) is None or not token
    with store.reading() as session:
        assert person_of(store, session.scalars(select(SignIn)).one().digest) is None


def test_a_sign_in_ends_by_itself_by_signing_out_and_only_that_one(store: Store, desk: Desk) -> None:
    first, second = sign_in(store, "lee", PASSWORD), sign_in(store, "lee", PASSWORD)
    sign_out(store, first)
    assert person_of(store, first) is None and person_of(store, second)
    with store.writing() as session:
        session.execute(update(SignIn).values(until=datetime.now(UTC)))
    assert person_of(store, second) is None


@pytest.mark.parametrize(
    "end",
    [
        lambda desk: remove(desk, "lee"),
        lambda desk: change(desk, "lee", role="operations"),
        lambda desk: set_password(desk, "lee", OTHER),
        lambda desk: change_password(desk._store, Person("lead", 3), PASSWORD, OTHER),
    ],
)
def test_what_is_open_ends_when_somebody_goes_or_changes_role_or_password(store: Store, desk: Desk, end) -> None:
    token, anothers = sign_in(store, "lee", PASSWORD), sign_in(store, "pat", PASSWORD)
    end(desk)
    assert person_of(store, token) is None and person_of(store, anothers)


def test_another_team_or_rep_holds_at_once(store: Store, desk: Desk) -> None:
    token = sign_in(store, "lee", PASSWORD)
    change(desk, "lee", teams=["West"], rep="Lee H.", name="Lee")
    person = person_of(store, token)
    assert person and person.teams == ("West",) and person.rep and person.name == "Lee"
    change(desk, "lee", rep="")
    assert person_of(store, token).rep is None
    change(desk, "lee", role="admin")
    assert signed_in(store, "lee").teams == ()


def test_who_was_removed_comes_back_as_the_same_person_and_no_other_takes_their_place(store: Store, desk: Desk) -> None:
    remove(desk, "ann@example.com")
    with pytest.raises(InputError, match="can be restored"):
        add(desk, "ann@example.com", "rep", rep="Anna")
    add(desk, "ann2", "rep", rep="Ann")
    with pytest.raises(InputError, match="calls of Ann are those of the account ann2"):
        restore(desk, "ann@example.com")
    remove(desk, "ann2")
    restore(desk, "ann@example.com")
    assert signed_in(store).account == 2


WRONG = [
    ({"login": "ANN@example.com"}, "already"),
    ({"login": "two words"}, "cannot be a login"),
    ({"login": ""}, "cannot be a login"),
    ({"role": "alone"}, "is no role"),
    ({"role": "rep"}, "a rep needs the name"),
    ({"role": "lead"}, "a lead needs a team"),
    ({"role": "lead", "teams": [" "]}, "a lead needs a team"),
    ({"teams": ["North"]}, "only a lead has teams"),
    ({"rep": "Ann"}, "calls of Ann are those of the account ann@example.com"),
    ({"password": "too short"}, "12 to 1000 characters"),
]


@pytest.mark.parametrize(("known", "why"), WRONG)
def test_an_account_that_makes_no_sense_is_not_made(desk: Desk, known: dict, why: str) -> None:
    known = {"login": "new", "role": "operations"} | known
    with pytest.raises(InputError, match=why):
        add(desk, known.pop("login"), known.pop("role"), **known)
    assert count_accounts(desk) == 3


def test_the_last_admin_stays(store: Store, desk: Desk) -> None:
    for end in (lambda: remove(desk, "pat"), lambda: change(desk, "pat", role="operations")):
        with pytest.raises(InputError, match="the last admin"):
            end()
    assert signed_in(store, "pat").role == "admin"
    add(desk, "kim", "admin", password=PASSWORD)
    remove(desk, "pat")
    with pytest.raises(InputError, match="the last admin"):
        remove(desk, "kim")


@pytest.mark.parametrize("login", ["ann@example.com", "lee", "kim"])
def test_only_admins_see_and_change_accounts(store: Store, desk: Desk, login: str) -> None:
    add(desk, "kim", "admin", password=PASSWORD)
    theirs = Desk(store, signed_in(store, login))
    remove(desk, "kim")  # an admin until just now
    for act in (
        lambda: accounts(theirs),
        lambda: count_accounts(theirs),
        lambda: add(theirs, "friend", "admin"),
        lambda: change(theirs, login, role="admin"),
        lambda: set_password(theirs, "pat", OTHER),
        lambda: remove(theirs, "pat"),
        lambda: restore(theirs, "kim"),
    ):
        with pytest.raises(InputError, match="only an admin"):
            act()
    assert signed_in(store, "pat")


def test_accounts_are_found_by_name_and_login_page_by_page(desk: Desk) -> None:
    remove(desk, "ann@example.com")
    assert [row.login for row in accounts(desk)] == ["lee", "pat", "ann@example.com"]
    assert [row.login for row in accounts(desk, limit=1, offset=1)] == ["pat"]
    assert [row.login for row in accounts(desk, "EXAMPLE")] == ["ann@example.com"]
    assert accounts(desk, "%") == [] and count_accounts(desk, "a") == 2


def test_a_store_is_used_by_one_person_alone_until_there_has_been_an_account(tmp_path: Path) -> None:
    store = Store(f"sqlite:///{tmp_path}/new.db")
    assert not is_anybody_there(store)
    add(Desk(store, ALONE), "ann", "rep", rep="Ann")
    remove(Desk(store, ALONE), "ann")
    assert is_anybody_there(store)


def test_a_provider_lets_in_whoever_has_an_account(store: Store, desk: Desk) -> None:
    assert person_of(store, vouched(store, "Ann@example.com")).account == 2
    assert vouched(store, "ann@example.org") is None and vouched(store, "") is None
    remove(desk, "ann@example.com")
    assert vouched(store, "ann@example.com") is None


def test_ones_own_password_is_changed_by_who_knows_it(store: Store, desk: Desk) -> None:
    lee = signed_in(store, "lee")
    with pytest.raises(Refused):
        change_password(store, lee, OTHER, OTHER)
    with pytest.raises(InputError, match="characters"):
        change_password(store, lee, PASSWORD, "short")
    change_password(store, lee, PASSWORD, OTHER)
    assert signed_in(store, "lee", OTHER)
    with pytest.raises(Refused):
        sign_in(store, "lee", PASSWORD)


def test_the_trail_says_who_let_whom_in_and_no_password(store: Store, desk: Desk) -> None:
    sign_out(store, sign_in(store, "pat", PASSWORD))
    remove(Desk(store, Person("admin", account=1)), "lee")
    with store.reading() as session:
        trail = [(entry.account_id, entry.action, entry.detail) for entry in session.scalars(select(AuditEntry))]
    assert trail[0] == (None, "added an account", {"account": 1, "role": "admin"})
    assert [action for _, action, _ in trail[3:]] == ["signed in", "signed out", "removed an account"]
    assert trail[-1] == (1, "removed an account", {"account": 3}) and PASSWORD not in str(trail)


def test_the_first_admin_is_made_on_the_command_line(tmp_path: Path) -> None:
    db = f"sqlite:///{tmp_path}/coach.db"
    made = run(db, "add", "pat", "--role", "admin", "--password-stdin", stdin=f"{PASSWORD}\n")
    assert made.exit_code == 0 and made.output == "pat may sign in (admin).\n"
    assert signed_in(Store(db), "pat").role == "admin"
    for arguments in (
        ["add", "lee", "--role", "lead", "--team", "North", "--team", "South", "--no-password"],
        ["change", "lee", "--team", "West", "--name", "Lee H."],
        ["password", "lee", "--password-stdin"],
        ["remove", "lee"],
        ["restore", "lee"],
    ):
        assert run(db, *arguments, stdin=f"{OTHER}\n").exit_code == 0
    assert signed_in(Store(db), "lee", OTHER).teams == ("West",)
    assert run(db, "list").output == "lee\tlead\tLee H.\tleads West\npat\tadmin\tpat\t\n"


@pytest.mark.parametrize(
    ("arguments", "stdin", "said", "code"),
    [
        (["remove", "nobody"], "", "coach: there is no account nobody\n", 1),
        (["add", "x", "--role", "rep", "--no-password"], "", "coach: a rep needs the name under which their calls", 1),
        (["add", "x", "--role", "admin"], "", "coach: no password was given", 1),
        (["add", "x", "--role", "admin", "--password-stdin"], "short\n", "coach: a password has 12 to 1000", 1),
        (["add", "x", "--role", "king"], "", "'king' is not one of", 2),
    ],
)
def test_what_goes_wrong_is_said_in_one_line(
    tmp_path: Path, arguments: list[str], stdin: str, said: str, code: int
) -> None:
    result = run(f"sqlite:///{tmp_path}/coach.db", *arguments, stdin=stdin)
    assert result.exit_code == code and said in result.output and "Traceback" not in result.output
