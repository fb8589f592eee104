"""Sign-in through a provider, walked through from outside: a small real one, the real server, real redirects."""

import base64
import hashlib
import json
import secrets
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
import uvicorn
from joserfc import jwt
from joserfc.jwk import RSAKey
from served import ROOT, Visitor, free_port, serving, wait_for
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse
from starlette.routing import Route
from streamlit.web.server.starlette.starlette_app_utils import create_signed_value

from coach.dashboard.doors import provider
from coach.store import ALONE, Desk, Store
from coach.store.accounts.accounts import add, remove

CLIENT, SECRET, COOKIE_SECRET = "tone-coach", "the client's secret", "the cookies' secret, long enough"


class Provider:
    """An OpenID provider that vouches for whoever `says` names, with authorization codes and PKCE."""

    def __init__(self, port: int) -> None:
        self.issuer, self.key = f"http://127.0.0.1:{port}", RSAKey.generate_key(2048, {"kid": "one"})
        self.says: dict[str, object] = {}
        self.asked: dict[str, dict[str, str]] = {}
        routes = [
            Route("/.well-known/openid-configuration", self.about),
            Route("/authorize", self.authorize),
            Route("/token", self.token, methods=["POST"]),
            Route("/keys", self.keys),
        ]
        self.server = uvicorn.Server(uvicorn.Config(Starlette(routes=routes), port=port, log_level="error"))

    def about(self, request: Request) -> JSONResponse:
        return JSONResponse({
            "issuer": self.issuer,
            "authorization_endpoint": f"{self.issuer}/authorize",
            "token_endpoint": f"{self.issuer}/token",
            "jwks_uri": f"{self.issuer}/keys",
            "response_types_supported": ["code"],
            "subject_types_supported": ["public"],
            "id_token_signing_alg_values_supported": ["RS256"],
            "code_challenge_methods_supported": ["S256"],
        })  # fmt: skip

    def authorize(self, request: Request) -> RedirectResponse:
        asked, code = dict(request.query_params), secrets.token_urlsafe()
        assert asked["client_id"] == CLIENT and "email" in asked["scope"]
        self.asked[code] = asked
        return RedirectResponse(f"{asked['redirect_uri']}?{urlencode({'code': code, 'state': asked['state']})}")

    async def token(self, request: Request) -> JSONResponse:
        sent = {name: values[0] for name, values in parse_qs((await request.body()).decode()).items()}
        asked = self.asked.pop(sent["code"])
        proof = base64.urlsafe_b64encode(hashlib.sha256(sent["code_verifier"].encode()).digest()).rstrip(b"=")
        assert proof.decode() == asked["code_challenge"]
        assert base64.b64decode(request.headers["Authorization"].split()[1]).decode().partition(":")[0] == CLIENT
        now = int(time.time())
        claims = {"iss": self.issuer, "aud": CLIENT, "sub": "1", "iat": now, "exp": now + 60, "nonce": asked["nonce"]}
        signed = jwt.encode({"alg": "RS256", "kid": "one"}, claims | self.says, self.key)
        return JSONResponse({"access_token": "x", "token_type": "Bearer", "expires_in": 60, "id_token": signed})

    def keys(self, request: Request) -> JSONResponse:
        return JSONResponse({"keys": [self.key.as_dict(private=False) | {"use": "sig", "alg": "RS256"}]})


@pytest.fixture(scope="module")
def organisation() -> Iterator[Provider]:
    port = free_port()
    organisation = Provider(port)
    thread = threading.Thread(target=organisation.server.run)
    thread.start()
    wait_for(port)
    yield organisation
    organisation.server.should_exit = True
    thread.join(20)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("oidc")


@pytest.fixture(scope="module")
def store(folder: Path) -> Store:
    store = Store(f"sqlite:///{folder}/coach.db")
    add(Desk(store, ALONE), "ann@example.com", "rep", rep="Ann", name="Ann A.")
    return store


@pytest.fixture(scope="module")
def host(organisation: Provider, store: Store, folder: Path) -> Iterator[str]:
    port = free_port()
    known = {
        "redirect_uri": f"http://127.0.0.1:{port}/oauth2callback",
        "cookie_secret": COOKIE_SECRET,
        "client_id": CLIENT,
        "client_secret": SECRET,
        "server_metadata_url": f"{organisation.issuer}/.well-known/openid-configuration",
    }
    (folder / ".streamlit").mkdir()
    lines = "\n".join(f"{name} = {json.dumps(value)}" for name, value in known.items())
    (folder / ".streamlit" / "secrets.toml").write_text(f"[auth]\n{lines}\n")
    with serving(store.url, port=port, cwd=folder) as host:
        yield host


def walked(host: str, organisation: Provider, **says: object) -> tuple[Visitor, int, str]:
    """A visitor who went to the provider and back: what they are shown then."""
    organisation.says = says
    visitor = Visitor(host)
    assert "Sign in with your organisation" in visitor.get("/sign-in").text
    there = visitor.follow(visitor.get("/sign-in/default")).to
    assert there.startswith(f"{organisation.issuer}/authorize?")
    back = Visitor(urlsplit(there).netloc).get(there.removeprefix(organisation.issuer)).to
    answer = visitor.get(back.removeprefix(f"http://{host}"))
    assert answer.to == "/"
    answer = visitor.follow(answer)
    return visitor, answer.status, answer.text


def test_who_has_an_account_is_let_in(host: str, organisation: Provider) -> None:
    visitor, status, _ = walked(host, organisation, email="Ann@Example.com", email_verified=True)
    assert status == 200 and visitor.get("/").status == 200
    assert [name for name, value in visitor.cookies.items() if value and name != "_streamlit_session"] == ["tone_coach"]
    with visitor.page("calls") as page:
        assert "Ann A." in page.click()
        visitor.post("/sign-out")
        assert "Ann A." not in page.click()
    assert visitor.get("/").status == 303


UNKNOWN = [
    ({"email": "eve@example.com", "email_verified": True}, "There is no account for eve@example.com."),
    ({"email": "ann@example.com", "email_verified": False}, "vouches for no e-mail address"),
    ({"email": "ann@example.com", "email_verified": "false"}, "vouches for no e-mail address"),
    ({"name": "ann@example.com"}, "vouches for no e-mail address"),
    ({"email": "<script>@example.com"}, "There is no account for &lt;script&gt;@example.com."),
]


@pytest.mark.parametrize(("says", "told"), UNKNOWN)
def test_who_has_none_is_told_whom_to_ask_and_shown_nothing_else(
    host: str, organisation: Provider, says: dict[str, object], told: str
) -> None:
    visitor, status, text = walked(host, organisation, **says)
    assert status == 403 and told in text and "Ask your admin" in text
    assert visitor.get("/").status == 303 and "tone_coach" not in visitor.cookies


def test_what_the_provider_signed_for_another_client_or_did_not_sign_is_not_believed(
    host: str, organisation: Provider
) -> None:
    for wrong in ({"aud": "another"}, {"nonce": "another"}, {"iss": "http://evil.example"}, {"exp": 1}):
        visitor, status, _ = walked(host, organisation, email="ann@example.com", **wrong)
        assert status == 303 and visitor.get("/").status == 303


def test_who_was_removed_is_not_let_in_again(host: str, organisation: Provider, store: Store) -> None:
    add(Desk(store, ALONE), "ben@example.com", "rep", rep="Ben")
    visitor, status, _ = walked(host, organisation, email="ben@example.com")
    assert status == 200
    remove(Desk(store, ALONE), "ben@example.com")
    assert visitor.get("/").status == 303
    assert walked(host, organisation, email="ben@example.com")[1] == 403


def test_a_kept_word_of_the_provider_opens_nothing_later(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(provider, "names", lambda: ("default",))
    monkeypatch.setattr(provider, "get_cookie_secret", lambda: COOKIE_SECRET)

    def said(secret: str = COOKIE_SECRET, ago: float = 0) -> dict[str, str]:
        now = time.time()
        with monkeypatch.context() as patch:
            patch.setattr(time, "time", lambda: now - ago)
            signed = create_signed_value(secret, provider.COOKIE, json.dumps({"email": "ann@example.com"}))
        return {provider.COOKIE: signed.decode()}

    assert provider.vouches_for(said(ago=60)) == {"email": "ann@example.com"}
    assert provider.vouches_for(said(ago=180)) is None
    assert provider.vouches_for(said("another secret")) is None and provider.vouches_for({}) is None


def test_a_provider_set_up_by_halves_is_said_at_the_start(tmp_path: Path) -> None:
    (tmp_path / ".streamlit").mkdir()
    (tmp_path / ".streamlit" / "secrets.toml").write_text('[auth]\nclient_id = "x"\nclient_secret = "hidden"\n')
    command = [sys.executable, "-m", "streamlit", "run", str(ROOT / "serve.py"), f"--server.port={free_port()}"]
    run = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=60)
    assert run.returncode == 1 and '"redirect_uri"' in run.stderr and run.stderr.startswith("coach: secrets.toml")
    assert "Traceback" not in run.stderr and "hidden" not in run.stderr + run.stdout
