import os
import subprocess
import sys
from pathlib import Path

import click
import pytest
from click.testing import CliRunner, Result

from coach.calls import InputError
from coach.cli import main
from coach.settings import defaults
from coach.store import Store, default_url
from coach.store.engine import open_engine, shown_url

SECRET = "s3cr3t"


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in [name for name in os.environ if name.startswith("TONE_COACH")]:
        monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def run(*arguments: str) -> Result:
    return CliRunner().invoke(main, list(arguments))


def database_of(result: Result) -> str:
    """Which of the databases below a command has opened."""
    assert result.exit_code == 0, result.output
    (path,) = Path().glob("*.db")
    path.unlink()
    return path.stem


def test_the_command_line_wins_over_the_environment_and_that_over_the_file(monkeypatch: pytest.MonkeyPatch) -> None:
    assert database_of(run("calls")) == "coach"
    Path("tone-coach.toml").write_text('db = "sqlite:///file.db"\n[calls]\nlimit = 3')
    assert database_of(run("calls")) == "file"
    assert default_url() == "sqlite:///file.db"
    monkeypatch.setenv("TONE_COACH_DB", "sqlite:///environment.db")
    assert database_of(run("calls")) == "environment"
    assert default_url() == "sqlite:///environment.db"
    assert database_of(run("calls", "--db", "sqlite:///line.db")) == "line"


def test_another_file_may_be_named(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (here / "elsewhere.toml").write_text('db = "sqlite:///elsewhere.db"')
    (here / "tone-coach.toml").write_text('db = "sqlite:///file.db"')
    monkeypatch.setenv("TONE_COACH_SETTINGS", str(here / "elsewhere.toml"))
    assert database_of(run("calls")) == "elsewhere"
    assert database_of(run("settings", "delivery")) == "elsewhere"


def test_names_are_those_of_the_options() -> None:
    Path("tone-coach.toml").write_text(
        'engine = "faster-whisper"\ntone = "fast"\ndelivery = false\nviewer = "rep"\n'
        '[purge]\nolder-than = "90d"\nall = true\n[score]\nformat = "json"\ntone = "best"\n[batch]\nsource = "calls"'
    )
    found = defaults(main)
    assert found["score"] == {"engine": "faster-whisper", "tone": "best", "delivery": False, "form": "json"}
    assert found["purge"] == {"older_than": "90d", "everything": True}
    assert found["batch"] == {"engine": "faster-whisper", "tone": "fast", "source": "calls"}
    assert found["calls"] == found["export"] == {"viewer": "rep"}


def test_a_nightly_purge_needs_no_options() -> None:
    Path("tone-coach.toml").write_text('[purge]\nolder-than = "90d"\ntranscripts = true')
    result = run("purge")
    assert (result.exit_code, result.output) == (0, "Removed: nothing.\n")


def test_every_option_has_a_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, command in main.commands.items():
        for option in (param for param in command.params if isinstance(param, click.Option)):
            shared = f"TONE_COACH_{option.name}".upper()
            own = f"TONE_COACH_{name}_{option.opts[0].lstrip('-').replace('-', '_')}".upper()
            assert option.envvar in (shared, own) or f"TONE_COACH_{name}_{option.name}".upper() == own
    monkeypatch.setenv("TONE_COACH_PURGE_OLDER_THAN", "12w")
    monkeypatch.setenv("TONE_COACH_PURGE_ALL", "1")
    assert run("purge", "--dry-run").output == "Would be removed: nothing.\n"
    monkeypatch.setenv("TONE_COACH_PURGE_OLDER_THAN", "a while")
    assert run("purge", "--dry-run").exit_code == 2


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ('enigne = "x"', "no option is called enigne"),
        ("[bacth]\nworkers = 2", "no command is called bacth"),
        ("[purge]\nworkers = 2", "purge has no option called workers"),
        ('[purge]\nolder-than = "soon"\nall = true', "neither an age"),
    ],
)
def test_a_setting_that_does_not_exist_is_wrong_usage(text: str, reason: str) -> None:
    Path("tone-coach.toml").write_text(text)
    result = run("purge", "--dry-run")
    assert result.exit_code == 2 and reason in result.stderr


@pytest.mark.parametrize("content", [b"db = \n", b"db = '\xff'", None])
def test_a_file_that_cannot_be_read_is_said_in_one_line(content: bytes | None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TONE_COACH_SETTINGS", "named.toml")
    if content:
        Path("named.toml").write_bytes(content)
    result = run("calls")
    assert result.exit_code == 1 and result.stderr.startswith("coach: named.toml: cannot be read as settings (")
    assert result.stderr.count("\n") == 1 and "docs/settings.md" in result.stderr


ADDRESSES = [
    f"postgresql://me:{SECRET}@localhost:1/calls",
    f"postgresql://localhost:1/calls?user=me&password={SECRET}",
    f"postgresql://me:a@b:{SECRET}@localhost/calls",  # an @ that ought to be %40: "the port" is the password
    f"postgresql+nosuch://me:{SECRET}@localhost/calls",
    f"nosuchthing://me:{SECRET}@localhost/calls",
]


@pytest.mark.parametrize("address", ADDRESSES)
def test_no_error_tells_the_password(address: str) -> None:
    with pytest.raises(InputError) as error:
        open_engine(address)
    assert SECRET not in f"{error.value} {shown_url(address)}" and "\n" not in str(error.value)


@pytest.mark.parametrize("address", ADDRESSES)
@pytest.mark.parametrize("how", ["file", "environment"])
def test_no_output_tells_the_password(address: str, how: str, monkeypatch: pytest.MonkeyPatch) -> None:
    if how == "file":
        Path("tone-coach.toml").write_text(f'db = "{address}"')
    else:
        monkeypatch.setenv("TONE_COACH_DB", address)
    wrong = (run("calls"), run("purge", "--older-than", "1d", "--all"), run("status"), run("forget", "--rep", "A"))
    assert [result.exit_code for result in wrong] == [1] * len(wrong)
    helped = [run(name, "--help") for name in main.commands]
    assert not any(result.exit_code for result in helped)
    everything = [run("--help"), run("calls", "--limit", "many"), *wrong, *helped]
    assert not any(SECRET in result.output + repr(result.exception) for result in everything)


def test_a_mistake_in_the_file_does_not_tell_its_secrets() -> None:
    Path("tone-coach.toml").write_text(f'db = "postgresql://me:{SECRET}@localhost/calls\nengine = "x"')
    result = run("calls")
    assert result.exit_code == 1 and SECRET not in result.output


def test_a_failing_statement_does_not_tell_what_was_said(here: Path) -> None:
    store = Store(f"sqlite:///{here}/coach.db")
    with pytest.raises(Exception, match="no such table") as error, store._writing.begin() as connection:
        connection.exec_driver_sql("INSERT INTO nowhere VALUES (?)", (SECRET,))
    assert SECRET not in str(error.value)


def test_the_dashboards_process_has_no_password_among_its_arguments(monkeypatch: pytest.MonkeyPatch) -> None:
    called: list[list[str]] = []
    monkeypatch.setattr(subprocess, "call", lambda command, env: called.append(command) or 0)
    monkeypatch.setenv("TONE_COACH_DB", ADDRESSES[0])
    assert run("dashboard").exit_code == 0
    assert called[0][0] == sys.executable and not any(SECRET in argument for argument in called[0])


def test_arguments_come_from_the_table_of_their_command_alone() -> None:
    Path("tone-coach.toml").write_text('source = "calls"')
    with pytest.raises(click.UsageError, match="no option is called source"):
        defaults(main)
