"""The page where one signs in, and the way out."""

from html import escape
from pathlib import Path
from string import Template
from typing import Any
from urllib.parse import parse_qs, quote, urlsplit

from anyio import CapacityLimiter, to_thread
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import HTMLResponse, PlainTextResponse, RedirectResponse, Response
from starlette.routing import Route

from coach.dashboard import routes
from coach.dashboard.doors import provider
from coach.dashboard.doors.visitors import COOKIE, at, who
from coach.store import Store
from coach.store.accounts import signing
from coach.store.accounts.accounts import is_anybody_there

PAGE = Template(Path(__file__).with_name("sign_in.html").read_text("utf-8"))
COLOURS = routes.STYLE.read_text("utf-8").partition("}")[0] + "}"
POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; form-action 'self'; frame-ancestors 'none'"
HEADERS = {"Content-Security-Policy": POLICY, "Cache-Control": "no-store", "Referrer-Policy": "same-origin"}
LARGEST = 10_000  # bytes of a form
AT_ONCE = 2  # a password is checked in 64 MiB
FIRST = (
    "<p>There is no account yet. On the computer that serves this page, make the first one:</p>"
    "<pre>coach accounts add NAME --role admin</pre>"
)
FORM = Template("""
<form method="post" action="$action">
  <label for="login">Name or e-mail</label>
  <input id="login" name="login" value="$login" autocomplete="username" autocapitalize="none" spellcheck="false"
    required maxlength="200" $name_focus>
  <label for="password">Password</label>
  <input id="password" name="password" type="password" autocomplete="current-password" required maxlength="1000" $focus>
  <button>Sign in</button>
</form>""")


def ways(store: Store) -> list[Route]:
    """The routes: to sign in by password or provider, and to sign out."""
    limit = CapacityLimiter(AT_ONCE)

    async def show(request: Request) -> Response:
        return await run_in_threadpool(_shown, store, request)

    async def check(request: Request) -> Response:
        if not _is_ours(request):
            return PlainTextResponse("This form was sent from another site.", 403)
        form = await _form(request)
        return await to_thread.run_sync(_checked, store, request, form, limiter=limit)

    async def to_provider(request: Request) -> Response:
        name = request.path_params["name"]
        return RedirectResponse(at(provider.way_to(name) if name in provider.names() else "sign-in"), 303)

    async def leave(request: Request) -> Response:
        if not _is_ours(request):
            return PlainTextResponse("This form was sent from another site.", 403)
        await run_in_threadpool(signing.sign_out, store, request.cookies.get(COOKIE, ""))
        response = RedirectResponse(at("sign-in"), 303)
        response.delete_cookie(COOKIE, path=at("/"))
        return response

    return [
        Route(at("sign-in"), show, methods=["GET"]),
        Route(at("sign-in"), check, methods=["POST"]),
        Route(at("sign-in/{name}"), to_provider, methods=["GET"]),
        Route(at("sign-out"), leave, methods=["POST"]),
    ]


def came_from_provider(store: Store, request: Request, said: dict[str, Any]) -> Response:
    """Let somebody in for whom a provider vouches, if they have an account; what it said is not kept."""
    email = provider.email_of(said)
    token = signing.vouched(store, email) if email else None
    if token:
        response = once_more(at("/"))
        _remember(response, token, secure=provider.is_https())
    else:
        whom = (
            f"There is no account for {email}."
            if email
            else "Your organisation vouches for no e-mail address of yours."
        )
        response = _page(store, f"{whom} Ask your admin to let you in.", 403)
    for name in request.cookies:
        if name.startswith(provider.COOKIE):
            response.delete_cookie(name, path=at("/"))
    return response


def once_more(path: str) -> HTMLResponse:
    """Go there from a page of ours: what comes from another site is not given our cookie by the browser."""
    there = escape(path)
    refresh = f'<meta http-equiv="refresh" content="0; url={there}">'
    return HTMLResponse(
        f'<!doctype html>{refresh}<title>Tone Coach</title><a href="{there}">Go on</a>', headers=HEADERS
    )


def _shown(store: Store, request: Request) -> Response:
    if who(store, request.cookies, request.headers.get("host")):
        return RedirectResponse(_wanted(request), 303)
    return _page(store, wanted=_wanted(request))


def _checked(store: Store, request: Request, form: dict[str, str]) -> Response:
    login = form.get("login", "")
    try:
        token = signing.sign_in(store, login, form.get("password", ""))
    except signing.Refused as refused:
        return _page(store, str(refused), 429 if refused.wait else 401, _wanted(request), login)
    signing.sign_out(store, request.cookies.get(COOKIE, ""))
    response = RedirectResponse(_wanted(request), 303)
    _remember(response, token, secure=request.headers["origin"].startswith("https://"))
    return response


def _page(store: Store, error: str = "", status: int = 200, wanted: str = "/", login: str = "") -> HTMLResponse:
    anybody = is_anybody_there(store)
    focus = {"name_focus": "" if error and login else "autofocus", "focus": "autofocus" if error and login else ""}
    action = escape(f"{at('sign-in')}?next={quote(wanted, safe='')}")
    parts = [f'<p class="error" role="alert">{escape(error)}</p>' if error else "", *map(_button, provider.names())]
    parts.append(FORM.substitute(action=action, login=escape(login[:200]), **focus) if anybody else FIRST)
    icon = quote((routes.HERE / "icon.svg").read_text("utf-8"))
    html = PAGE.substitute(colours=COLOURS, icon=icon, body="\n".join(filter(None, parts)))
    return HTMLResponse(html, status, HEADERS)


def _button(name: str) -> str:
    with_whom = "your organisation" if name == provider.DEFAULT else name.capitalize()
    return (
        f'<p><a class="button" href="{escape(at(f"sign-in/{quote(name)}"))}">Sign in with {escape(with_whom)}</a></p>'
    )


def _remember(response: Response, token: str, secure: bool) -> None:
    response.set_cookie(COOKIE, token, path=at("/"), secure=secure, httponly=True, samesite="strict")


def _wanted(request: Request) -> str:
    """The page that somebody came for: one of ours, whatever the address says."""
    wanted = request.query_params.get("next", "")
    is_ours = wanted.startswith(at("/")) and not wanted.startswith(("//", "/\\")) and wanted.isprintable()
    return wanted if is_ours else at("/")


def _is_ours(request: Request) -> bool:
    """Whether a form was sent from a page of ours: browsers say so, and strangers' pages cannot."""
    return urlsplit(request.headers.get("origin", "")).netloc == request.headers.get("host")


async def _form(request: Request) -> dict[str, str]:
    body = b""
    async for part in request.stream():
        body += part
        if len(body) > LARGEST:
            return {}
    fields = parse_qs(body.decode(errors="replace"), max_num_fields=10)
    return {name: values[0] for name, values in fields.items()}
