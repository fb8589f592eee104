"""The dashboard served for a test, and a visitor who speaks to it as a browser does, without being one."""

import http.client
import os
import re
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlencode, urlsplit

from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from websockets.sync.client import ClientConnection, connect

ROOT = Path(__file__).parents[1]
TEXT_HTML = {"Accept": "text/html"}


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


@contextmanager
def serving(db: str, *, port: int, cwd: Path = ROOT, script: str = "serve.py", **env: str) -> Iterator[str]:
    """`script` as `coach dashboard` runs it, until the block ends."""
    command = [sys.executable, "-m", "streamlit", "run", str(ROOT / script), f"--server.port={port}"]
    server = subprocess.Popen(command, cwd=cwd, env=os.environ | {"TONE_COACH_DB": db} | env)
    try:
        wait_for(port)
        yield f"127.0.0.1:{port}"
    finally:
        server.terminate()
        server.wait(20)


def wait_for(port: int, seconds: float = 60) -> None:
    until = time.monotonic() + seconds
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
            return
        except OSError:
            assert time.monotonic() < until, "the server does not answer"
            time.sleep(0.1)


@dataclass(frozen=True)
class Answer:
    status: int
    headers: http.client.HTTPMessage
    text: str

    @property
    def to(self) -> str:
        return self.headers["Location"]


@dataclass
class Visitor:
    """Keeps cookies; follows no redirect by itself."""

    host: str
    cookies: dict[str, str] = field(default_factory=dict)

    def get(self, path: str, headers: Mapping[str, str] = TEXT_HTML) -> Answer:
        return self.ask("GET", path, headers=headers)

    def post(self, path: str, origin: str | None = None, **form: str) -> Answer:
        origin = f"http://{self.host}" if origin is None else origin
        return self.ask("POST", path, urlencode(form), {"Origin": origin} if origin else {})

    def sign_in(self, login: str, password: str, **known: str) -> Answer:
        return self.post("/sign-in", login=login, password=password, **known)

    def ask(self, method: str, path: str, body: str | None = None, headers: Mapping[str, str] = TEXT_HTML) -> Answer:
        connection = http.client.HTTPConnection(self.host, timeout=30)
        connection.request(method, path, body, {"Cookie": self.cookie} | dict(headers))
        response = connection.getresponse()
        for header in response.headers.get_all("Set-Cookie") or ():
            name, _, value = header.partition(";")[0].partition("=")
            self.cookies[name] = value.strip('"')
        text = response.read().decode(errors="replace")
        connection.close()
        return Answer(response.status, response.headers, text)

    def follow(self, answer: Answer) -> Answer:
        """The page that an answer leads to, as far as it is on this host."""
        refresh = re.search(r'url=([^"]+)"', answer.text)
        there = urlsplit(answer.to or (refresh[1] if refresh else ""))
        return self.get(there.path + (f"?{there.query}" if there.query else ""))

    @property
    def cookie(self) -> str:
        return "; ".join(f"{name}={value}" for name, value in self.cookies.items() if value)

    @contextmanager
    def page(self, name: str = "", query: str = "") -> Iterator["OpenPage"]:
        """A page kept open, over the socket that carries all that it shows."""
        headers = {"Cookie": self.cookie, "Origin": f"http://{self.host}"}
        with connect(f"ws://{self.host}/_stcore/stream", additional_headers=headers, max_size=None) as socket:
            yield OpenPage(socket, name, query)


@dataclass
class OpenPage:
    socket: ClientConnection
    name: str
    query: str

    def click(self) -> str:
        """Run the page, as each click does: what it says."""
        message = BackMsg()
        message.rerun_script.page_name, message.rerun_script.query_string = self.name, self.query
        self.socket.send(message.SerializeToString())
        said = []
        while True:
            forward = ForwardMsg()
            forward.ParseFromString(self.socket.recv(30))
            said.append(str(forward))
            if forward.WhichOneof("type") == "script_finished":
                return "\n".join(said)
