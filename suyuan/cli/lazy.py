"""Commands that are imported when they are called, so that ``suyuan --help`` answers at once."""

from importlib import import_module
from typing import Any, Final

import typer
from typer.core import TyperCommand, TyperGroup

_COMPLETION: Final = frozenset({"install_completion", "show_completion"})


class LazyCommand(TyperCommand):
    """Stands for a command of another module: known by name and help until it is called."""

    def __init__(self, name: str, module: str, short_help: str) -> None:
        super().__init__(name, help=short_help)
        self._module = module

    def make_context(self, info_name: str | None, args: list[str], parent: Any = None, **extra: Any) -> Any:
        """The context of the real command, which is loaded here."""
        command = typer.main.get_command(import_module(self._module).app)
        command.name = self.name
        # Completion is set up once, by the whole command line.
        command.params = [one for one in command.params if one.name not in _COMPLETION]
        return command.make_context(info_name, args, parent=parent, **extra)


class LazyGroup(TyperGroup):
    """A group over :class:`LazyCommand`; subclasses fill ``commands_by_name``."""

    commands_by_name: dict[str, tuple[str, str]]

    def list_commands(self, ctx: Any) -> list[str]:
        """Names in the order people need them."""
        return list(self.commands_by_name)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        """The command of that name, or None."""
        found = self.commands_by_name.get(cmd_name)
        return None if found is None else LazyCommand(cmd_name, *found)
