"""The policy: who may change it, that the change is known, and that reps read what it means for them."""

from dataclasses import replace
from datetime import UTC, datetime
from itertools import product
from pathlib import Path

import pytest
from click.testing import CliRunner
from hand_made import review, spoken
from pages import ROOT, html_of, text_of
from streamlit.testing.v1 import AppTest

from coach.cli import main
from coach.dashboard import resources, routes
from coach.dashboard.rep import sees
from coach.store import ALONE, Desk, Person, Policy, Store
from coach.store.looks import looks, policy_changes
from coach.store.people import Account

ADMIN = Person("admin", account=3)
OPEN = Policy("opt-out", 24, True, "team")
EVERY = [Policy(*choices) for choices in product(("opt-in", "opt-out"), (0, 48), (False, True), ("off", "rep", "team"))]


@pytest.fixture
def kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Store:
    """A call of Anna of North (rep 1), one of Ben of South (rep 2); Lee leads North."""
    monkeypatch.setenv("TONE_COACH_DB", f"sqlite:///{tmp_path}/coach.db")
    store = Store()
    store.save(spoken(), digest="of Anna", rep="Anna", team="North", title="Boiler <b>out</b>")
    store.save(review(), digest="of Ben", rep="Ben", team="South", title="Ben's call")
    with store.writing() as session:
        for name, role, rep in (("Anna", "rep", 1), ("Ben", "rep", 2), ("Lee", "lead", None)):
            about = {"role": role, "rep_id": rep, "teams": ["North"] if role == "lead" else []}
            session.add(Account(login=name, name=name, made_at=datetime.now(UTC), **about))
    return store


ANNA, BEN, LEE = Person("rep", 1, "Anna", 1), Person("rep", 2, "Ben", 2), Person("lead", 3, "Lee", None, ("North",))


@pytest.mark.parametrize("person", [ADMIN, ALONE], ids=lambda person: person.role)
def test_an_admin_changes_the_policy_and_it_is_written_down(kept: Store, person: Person) -> None:
    Desk(kept, person).set_policy(OPEN)
    assert kept.policy == OPEN
    [change] = policy_changes(Desk(kept, BEN))
    assert (change.before, change.after) == (Policy(), OPEN)
    Desk(kept, person).set_policy(OPEN)
    assert len(policy_changes(Desk(kept, BEN))) == 1  # nothing changed


@pytest.mark.parametrize("person", [ANNA, LEE, Person("operations", 4)], ids=lambda person: person.role)
def test_nobody_else_changes_it(kept: Store, person: Person) -> None:
    with pytest.raises(PermissionError):
        Desk(kept, person).set_policy(OPEN)
    assert kept.policy == Policy() and not policy_changes(Desk(kept, ANNA))


def test_the_command_line_changes_the_same_and_reps_read_of_it(kept: Store) -> None:
    def run(*arguments: str) -> str:
        result = CliRunner().invoke(main, ["settings", *arguments, "--db", kept.url])
        return result.stdout.strip() if result.exit_code == 0 else f"exit {result.exit_code}"

    assert (run("sharing"), run("sharing", "opt-out")) == ("sharing: opt-in", "sharing: opt-out")
    assert (run("first-hours", "12"), run("whole-calls", "on")) == ("first-hours: 12", "whole-calls: on")
    assert [run("first-hours", "-1"), run("sharing", "all"), run("whole-calls", "yes")] == ["exit 2"] * 3
    assert kept.policy == Policy("opt-out", 12, True, "rep")
    assert len(policy_changes(Desk(kept, ANNA))) == 3


def test_a_rep_reads_who_looked_at_their_own_calls_and_at_no_others(kept: Store) -> None:
    for person, call_id, action in ((LEE, 1, "played"), (ANNA, 1, "opened"), (BEN, 2, "opened"), (ALONE, 2, "played")):
        Desk(kept, person).log(action, call_id)
    Desk(kept, LEE).log("noted", 1)
    assert [(look.who, look.action, look.call_id) for look in looks(Desk(kept, ANNA))] == [("Lee", "played", 1)]
    assert [(look.who, look.call_id) for look in looks(Desk(kept, BEN))] == [(None, 2)]
    kept.set_policy(replace(OPEN, first_hours=0))
    for person in (LEE, ADMIN, Person("operations", 4), Person("rep", 5)):
        assert looks(Desk(kept, person)) == []


def lines(policy: Policy) -> list[str]:
    return [line for told in sees.rules(policy).values() for line in told]


def test_each_policy_reads_differently_and_says_what_the_store_does() -> None:
    assert len({str(sees.rules(policy)) for policy in EVERY if policy.sharing == "opt-out"}) == 12
    said = {policy: " ".join(lines(policy)) for policy in EVERY}
    for policy, told in said.items():
        assert ("until you share it" in told) == (policy.sharing == "opt-in")
        assert ("2 days after they were scored" in told) == (policy.sharing == "opt-out" and policy.first_hours == 48)
        assert ("Never sees a whole call" in told) == (not policy.whole_calls)
        assert ("is for you alone. Nobody else" in told) == (policy.delivery == "rep")
        assert ("is not kept" in told) == (policy.delivery == "off")


def test_what_changes_is_said_and_nothing_else() -> None:
    assert sees.differences(OPEN, OPEN) == []
    assert sees.differences(OPEN, replace(OPEN, first_hours=36)) == ["Reps come first for 36 hours, before for 1 day."]
    assert len(sees.differences(Policy(), OPEN)) == 4


@pytest.mark.parametrize(
    ("purge", "said"),
    [
        ({}, "No time is set"),
        ({"older-than": "30d", "recordings": True}, "The recording is set to be removed once a call is 30 days old."),
        ({"older-than": "1w", "recordings": True, "transcripts": True}, "The recording and what was said is set"),
        ({"older-than": "2026-03-01", "all": True}, "once a call took place before 2026-03-01"),
    ],
)
def test_how_long_calls_are_kept_is_read_from_the_settings(purge: dict[str, object], said: str) -> None:
    assert said in sees.kept(purge)


def page(path: str) -> AppTest:
    app = AppTest.from_file(str(ROOT / "app.py"), default_timeout=30).run()
    app.switch_page(path).run()
    assert not app.exception
    return app


def test_the_reps_page_tells_the_rules_the_looks_and_the_changes(kept: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(resources, "person", lambda: ANNA)
    Desk(kept, LEE).log("played", 1)
    kept.set_policy(OPEN)
    app = page(routes.SEES)
    for line in lines(OPEN):
        assert line in text_of(app)
    assert "Lee played a moment: Boiler <b>out</b>" in text_of(app) and "Boiler <b>" not in html_of(app)
    assert "Ben's call" not in text_of(app)
    assert "Leads see what reps do not keep private. Reps come first for 1 day, before for 2 days." in text_of(app)


def test_an_admin_sees_what_reps_will_read_and_confirms_a_change(kept: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(resources, "person", lambda: ADMIN)
    app = page(routes.POLICY)
    assert app.button(key="change").disabled and "These are the rules that hold now." in text_of(app)
    app.radio(key="delivery").set_value("off").run()
    assert "is not kept: nobody sees it" in text_of(app) and kept.policy == Policy()
    app.button(key="change").click().run()
    assert "is deleted, of all calls and for good" in app.warning[0].value and kept.policy == Policy()
    app.button(key="confirm").click().run()
    assert not app.exception
    assert kept.policy == Policy(delivery="off") and kept.review(1, viewer="rep").timing is None
    assert "How reps spoke was deleted, of 1 call." in app.success[0].value.replace("\\", "")
    assert "When these rules changed" in text_of(app) and app.button(key="change").disabled


def test_a_recording_handed_in_is_measured_only_where_somebody_may_see_how_the_rep_spoke(kept: Store) -> None:
    assert resources.reviewer().rate(spoken().call).timing
    kept.set_policy(Policy(delivery="off"))
    assert resources.reviewer().rate(spoken().call).timing is None
