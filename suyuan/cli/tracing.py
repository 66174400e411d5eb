"""``suyuan trace``: the trace itself and its subcommands."""

from typing import Any

import typer

from suyuan.cli.lazy import LazyCommand, LazyGroup

ITSELF = "of"


class Itself(LazyCommand):
    """The trace, named in its help as the group is."""

    def make_context(self, info_name: str | None, args: list[str], parent: Any = None, **extra: Any) -> Any:
        """The context of the real command."""
        return super().make_context("", args, parent=parent, **extra)


class TraceCommands(LazyGroup):
    """``trace ID...`` and what stands beside it; an id always holds a colon, so none is taken for a subcommand."""

    commands_by_name = {  # noqa: RUF012
        ITSELF: ("suyuan.cli.trace", "Trace things back to where they were made, or forward."),
        "fit": ("suyuan.cli.trace_fit", "Fit the parameters to confirmed origins. 拟合参数"),
        "evaluate": ("suyuan.cli.trace_evaluate", "How often traces find the known origin. 评估"),
        "listings": ("suyuan.cli.trace_listings", "Trace every listing of the market in one pass. 全部溯源"),
    }

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Whatever does not begin with a subcommand is for the trace itself."""
        named = args[0] if args else ""
        return super().parse_args(ctx, args if named in self.commands_by_name else [ITSELF, *args])

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        """The command of that name, or None."""
        if cmd_name == ITSELF:
            return Itself(cmd_name, *self.commands_by_name[ITSELF])
        return super().get_command(ctx, cmd_name)


app = typer.Typer(cls=TraceCommands)


@app.callback()
def _options() -> None:
    """Where was it made, by which way did it come."""
