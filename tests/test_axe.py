"""Whether people with other eyes, or none, can use every page: axe looks at each in a browser, light and dark."""

from collections.abc import Iterator

import pytest
from browsing import Visit
from playwright.sync_api import Browser, Page
from served import free_port, serving
from story import comes_in, house

from coach.dashboard import routes
from coach.store import Desk, Person, Store
from coach.store.coaching import preparing
from coach.store.people import Account
from coach.store.said import choices, feedback
from coach.store.said.lines import Spot

axe = pytest.importorskip("axe_playwright_python.sync_playwright")
RULES = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa"], "resultTypes": ["violations"]}
DESK, PHONE = {"width": 1280, "height": 900}, {"width": 390, "height": 844}
WHOSE = {routes.MINE: "anna", routes.COACHING: "lee", routes.OPERATIONS: "pat", routes.ADMIN: "pat"}
IDS = {"call": "?id=1", "session": "?id=1"}


@pytest.fixture(scope="module")
def host(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    store = house(tmp_path_factory.mktemp("house"))
    something_said(store)
    with serving(store.url, port=free_port()) as host:
        yield host


def something_said(store: Store) -> None:
    """So that the pages have something to show: a moment shared and seen differently, and a session begun."""
    anna, lee = (person(store, login) for login in ("anna", "lee"))
    strength, giveaway = Spot(1, 8, "empathy", "strength"), Spot(1, 4, "condescension", "giveaway")
    for spot in (strength, giveaway):
        choices.choose(anna, spot, "shared")
    feedback.disagree(anna, giveaway, "I only said what the system said.", 1)
    session = preparing.prepare(lee, "Anna", [strength, giveaway])
    assert session is not None
    preparing.hold(lee, session)
    run = store.begin("/srv/recordings", {"tone": "best"})
    run.end({"scored": 8, "failed": 0, "audio": 600.0, "took": 200.0})


def person(store: Store, login: str) -> Desk:
    with store.reading() as session:
        account = session.query(Account).filter_by(login=login).one()
        return Desk(store, Person(account.role, account.id, account.name, account.rep_id, tuple(account.teams)))


def pages() -> list[tuple[str, str]]:
    """Each page, and who looks at it; several do at those of more than one part of the house."""
    found = [(place.name, WHOSE[part]) for place in routes.PLACES for part in place.parts]
    return [*dict.fromkeys(found), ("call", "anna"), ("session", "lee"), ("password", "anna")]


@pytest.fixture(scope="module")
def visits(browser: Browser, host: str) -> dict[str, Visit]:
    return {login: comes_in(browser, host, login, viewport=DESK) for login in ("anna", "lee", "pat")}


@pytest.mark.parametrize(("name", "login"), pages())
def test_axe_finds_nothing_on_a_page(visits: dict[str, Visit], host: str, name: str, login: str) -> None:
    visit = visits[login]
    page = visit.page
    page.set_viewport_size(DESK)
    page.emulate_media(color_scheme="light")
    visit.open(f"http://{host}/{'' if first(login) == name else name + IDS.get(name, '')}")
    assert faults(page) == []
    page.emulate_media(color_scheme="dark")
    page.wait_for_function("getComputedStyle(document.querySelector('.stApp')).backgroundColor === 'rgb(20, 24, 29)'")
    assert faults(page) == []
    page.set_viewport_size(PHONE)
    page.wait_for_function("document.documentElement.scrollWidth <= innerWidth")
    visit.goes_well()


def first(login: str) -> str:
    """The page where somebody lands, whose address has no name."""
    return {"anna": "home", "lee": "team", "pat": "runs"}[login]


def test_axe_finds_nothing_where_one_signs_in(browser: Browser, host: str) -> None:
    for scheme in ("light", "dark"):
        visit = Visit(browser, viewport=PHONE, color_scheme=scheme)
        visit.page.goto(f"http://{host}/sign-in")
        assert faults(visit.page) == []
        assert visit.page.evaluate("document.documentElement.scrollWidth") <= 390


def faults(page: Page) -> list[str]:
    """What axe finds, a line each: the rule, the element, and why."""
    page.wait_for_timeout(700)  # what moves in has another contrast until it has arrived
    found = axe.Axe().run(page, options=RULES).response["violations"]
    return [
        f"{rule['id']}: {node['html'][:200]} ({node['failureSummary']})" for rule in found for node in rule["nodes"]
    ]
