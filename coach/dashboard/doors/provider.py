"""Sign-in through the organisation's provider (OIDC), by Streamlit's client for it, set up as `[auth]` in its secrets.

What the provider says is believed once, right after it came: from then on it is a sign-in like any other, which ends
when it is ended here.
"""

import json
from collections.abc import Mapping
from functools import cache
from typing import Any

from streamlit.auth_util import (
    encode_provider_token,
    get_cookie_with_chunks,
    get_origin_from_redirect_uri,
    get_secrets_auth_section,
    is_authlib_installed,
    validate_auth_credentials,
)
from streamlit.errors import StreamlitAuthError
from streamlit.web.server.server_util import get_cookie_secret
from streamlit.web.server.starlette.starlette_app_utils import decode_signed_value

from coach.calls import InputError

COOKIE = "_streamlit_user"  # and what begins with it: its tokens, its further parts
DEFAULT = "default"
BELIEVED = 2 / (24 * 60)  # days: two minutes


@cache
def names() -> tuple[str, ...]:
    """The providers that are set up; "default" is the one without a name."""
    section = get_secrets_auth_section().to_dict()
    named = tuple(name for name, value in section.items() if isinstance(value, dict) and "client_id" in value)
    return ((DEFAULT,) if "client_id" in section else ()) + named


def check() -> None:
    """Say at the start what would only show when somebody wants to sign in.

    Raises
    ------
    InputError
        Where a provider is set up by halves.
    """
    if get_secrets_auth_section() and not names():
        raise InputError("secrets.toml has [auth] without a client_id; see docs/accounts.md")
    if names() and not is_authlib_installed():
        raise InputError("sign-in through a provider needs Authlib: pip install 'tone-coach[oidc]'")
    try:
        for name in names():
            validate_auth_credentials(name)
    except StreamlitAuthError as error:
        raise InputError(f"secrets.toml: {' '.join(str(error).split())}") from error


def way_to(name: str) -> str:
    """Where the sign-in with a provider begins, for the next two minutes."""
    return f"auth/login?provider={encode_provider_token(name)}"


def is_https() -> bool:
    return (get_origin_from_redirect_uri() or "").startswith("https://")


def vouches_for(cookies: Mapping[str, str]) -> dict[str, Any] | None:
    """What a provider has just said of the visitor; None where it said nothing, or not just now."""
    if not names():
        return None

    def signed(name: str) -> bytes | None:
        return decode_signed_value(get_cookie_secret(), name, cookies.get(name, ""), BELIEVED)

    said = get_cookie_with_chunks(signed, COOKIE)
    return json.loads(said) if said else None


def email_of(said: Mapping[str, Any]) -> str | None:
    """The address that the provider vouches for; none that it calls unverified."""
    if str(said.get("email_verified", True)).lower() == "false":
        return None
    return str(said.get("email") or "") or None
