"""Nobody comes in who is not signed in, to whatever there is: pages, what they send and are sent, sounds, downloads."""

from urllib.parse import quote

from starlette.concurrency import run_in_threadpool
from starlette.datastructures import MutableHeaders
from starlette.requests import HTTPConnection, Request
from starlette.responses import PlainTextResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from starlette.websockets import WebSocketClose
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ClientState_pb2 import ClientState

from coach.dashboard.doors import provider
from coach.dashboard.doors.sign_in import came_from_provider, once_more
from coach.dashboard.doors.visitors import at, who
from coach.store import Person, Store

OPEN = ("/static/", "/sign-in", "/_stcore/health", "/auth/login", "/oauth2callback")  # to everybody: no data in them
AFRESH = BackMsg(rerun_script=ClientState()).SerializeToString()
HEADERS = {"X-Frame-Options": "SAMEORIGIN", "X-Content-Type-Options": "nosniff", "Referrer-Policy": "same-origin"}


class Doors:
    """Middleware around all of the dashboard: whoever is not signed in gets to the page where one does, and no further.

    A page that stays open is asked for its person with every click. Where that is another by then (signed out, removed,
    given another role), what it sent is dropped and the page is run afresh, for whom there is now.
    """

    standing = False  # whether this process has them: pages must not be served without

    def __init__(self, app: ASGIApp, store: Store) -> None:
        self._app, self._store = app, store
        Doors.standing = True

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan" or scope["path"].startswith(tuple(at(path) for path in OPEN)):
            return await self._app(scope, receive, send)
        visitor = HTTPConnection(scope)
        person = await self._who(visitor)
        if scope["type"] == "websocket":
            let_in = self._app(scope, self._asking(visitor, person, receive), send)
            await (let_in if person else WebSocketClose()(scope, receive, send))
        elif person:
            await self._app(scope, receive, _guarding(scope, send))
        else:
            response = await run_in_threadpool(self._refused, Request(scope))
            await response(scope, receive, send)

    async def _who(self, visitor: HTTPConnection) -> Person | None:
        return await run_in_threadpool(who, self._store, visitor.cookies, visitor.headers.get("host"))

    def _asking(self, visitor: HTTPConnection, person: Person | None, receive: Receive) -> Receive:
        async def ask() -> Message:
            nonlocal person
            message = await receive()
            if message["type"] != "websocket.receive":
                return message
            before, person = person, await self._who(visitor)
            return message if person and person == before else {"type": "websocket.receive", "bytes": AFRESH}

        return ask

    def _refused(self, request: Request) -> Response:
        if request.method != "GET" or "text/html" not in request.headers.get("accept", ""):
            return PlainTextResponse("Not signed in.", 403)
        if vouched := provider.vouches_for(request.cookies):
            return came_from_provider(self._store, request, vouched)
        wanted = request.url.path + (f"?{request.url.query}" if request.url.query else "")
        if request.headers.get("sec-fetch-site") == "cross-site":
            return once_more(wanted)  # a link in a mail: the browser did not send the cookie along
        return RedirectResponse(f"{at('sign-in')}?next={quote(wanted, safe='')}", 303)


def _guarding(scope: Scope, send: Send) -> Send:
    """No page in a stranger's frame; no sound of a call left in the browser's cache, and no page to go back to for who
    has signed out."""
    is_sound = scope["path"].startswith(at("media/"))

    async def guarded(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(scope=message)
            headers.update(HEADERS)
            if is_sound or headers.get("Content-Type", "").startswith("text/html"):
                headers["Cache-Control"] = "no-store"
        await send(message)

    return guarded
