"""Settings in one file, named like the commands' options. The environment wins over it, the command line over both."""

import os
import tomllib
from pathlib import Path
from typing import Any

import click

from coach.calls import InputError

FILE = "tone-coach.toml"
NAMED_BY = "TONE_COACH_SETTINGS"
EXPLAINED = "see docs/settings.md"


def settings_file() -> Path | None:
    """The file named by TONE_COACH_SETTINGS, else tone-coach.toml in the working folder, if there is one."""
    named = os.environ.get(NAMED_BY)
    if named:
        return Path(named)
    return Path(FILE) if Path(FILE).is_file() else None


def read() -> dict[str, Any]:
    """What the settings file says; nothing where there is none.

    Raises
    ------
    InputError
        Where it cannot be read, or is no TOML.
    """
    file = settings_file()
    try:
        return tomllib.loads(file.read_text("utf-8")) if file else {}
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else error
        raise InputError(f"{file}: cannot be read as settings ({reason}); {EXPLAINED}") from error


def value(name: str) -> Any:
    """What the environment says of an option that stands alone, else the settings file; None where neither does."""
    return os.environ.get(f"TONE_COACH_{name.upper()}") or read().get(name)


def defaults(group: click.Group) -> dict[str, Any]:
    """The settings as Click's `default_map`: what stands alone serves every command that has such an option, what
    stands in the table of a command only that one.

    Raises
    ------
    click.UsageError
        Where a name is neither a command's nor an option's.
    """
    said = read()
    tables = {name: value for name, value in said.items() if isinstance(value, dict)}
    alone = {name: value for name, value in said.items() if name not in tables}
    commands = {name: command for name, command in group.commands.items() if not isinstance(command, click.Group)}
    _refuse(tables.keys() - commands.keys(), "no command is called")
    _refuse(alone.keys() - set().union(*map(_options, commands.values())), "no option is called")
    return {name: _of(command, alone, tables.get(name, {})) for name, command in group.commands.items()}


def _of(command: click.Command, alone: dict[str, Any], table: dict[str, Any]) -> dict[str, Any]:
    if isinstance(command, click.Group):
        return {name: _of(each, alone, {}) for name, each in command.commands.items()}
    names = _options(command)
    own = names | {param.name: param.name for param in command.params if isinstance(param, click.Argument)}
    _refuse(table.keys() - own.keys(), f"{command.name} has no option called")
    values = {names[name]: value for name, value in alone.items() if name in names}
    return values | {own[name]: value for name, value in table.items()}


def _options(command: click.Command) -> dict[str, str]:
    """The options of a command as they are typed, without dashes, and what Click calls them."""
    options = (param for param in command.params if isinstance(param, click.Option))
    return {name.lstrip("-"): param.name for param in options for name in param.opts if param.name}


def _refuse(unknown: set[str], why: str) -> None:
    if unknown:
        raise click.UsageError(f"{settings_file()}: {why} {', '.join(sorted(unknown))}; {EXPLAINED}")
