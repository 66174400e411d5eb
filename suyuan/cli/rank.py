"""``suyuan rank``: whom and what to look at first."""

import typer

from suyuan.cli.lazy import LazyGroup


class RankCommands(LazyGroup):
    """What can be ranked."""

    commands_by_name = {  # noqa: RUF012
        "table": ("suyuan.cli.rank_table", "Rank the rows and firms of any labelled table. 表格风险排序"),
    }


app = typer.Typer(cls=RankCommands, no_args_is_help=True)


@app.callback()
def _options() -> None:
    """Whom and what to look at first. 风险排序"""
