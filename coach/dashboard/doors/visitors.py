"""Who looks at the dashboard: whoever is signed in, or, while there are no accounts, who sits at this computer."""

from collections.abc import Mapping
from ipaddress import ip_address
from urllib.parse import urlsplit

from streamlit import config
from streamlit.url_util import make_url_path

from coach.dashboard.doors import provider
from coach.store import ALONE, Person, Store
from coach.store.accounts.accounts import is_anybody_there
from coach.store.accounts.signing import person_of

COOKIE = "tone_coach"


def who(store: Store, cookies: Mapping[str, str], host: str | None) -> Person | None:
    """Who has these cookies; None for somebody who is not signed in."""
    return ALONE if is_alone(store, host) else person_of(store, str(cookies.get(COOKIE, "")))


def is_alone(store: Store, host: str | None) -> bool:
    """Whether nobody else can get here: no accounts, no provider, and only this computer is listened to.

    `host` is what the browser believes to visit: a stranger's page may have given its own name to this address.
    """
    here = is_local(config.get_option("server.address")) and (host is None or is_local(urlsplit(f"//{host}").hostname))
    return here and not provider.names() and not is_anybody_there(store)


def is_local(host: str | None) -> bool:
    try:
        return host == "localhost" or ip_address(host or "").is_loopback
    except ValueError:
        return False


def at(path: str) -> str:
    """The address of one of our own pages, wherever the dashboard is mounted."""
    return make_url_path(config.get_option("server.baseUrlPath"), path)
