"""``suyuan rank``: whom and what to look at first."""

from typing import Any

import typer

from suyuan.cli.lazy import LazyCommand, LazyGroup

_OF_THE_GRAPH = "suyuan.cli.rank_entities"


class KindCommand(LazyCommand):
    """The one command that ranks the graph, told which kind it is called for."""

    def make_context(self, info_name: str | None, args: list[str], parent: Any = None, **extra: Any) -> Any:
        """The context of the real command, which finds the kind in it."""
        return super().make_context(info_name, args, parent=parent, **{**extra, "obj": self.name})


class RankCommands(LazyGroup):
    """What can be ranked."""

    commands_by_name = {  # noqa: RUF012
        "firms": (_OF_THE_GRAPH, "Firms to inspect first. 企业核查优先次序"),
        "sellers": (_OF_THE_GRAPH, "Shops to inspect first. 网店核查优先次序"),
        "actors": (_OF_THE_GRAPH, "Linked accounts to inspect first. 关联主体核查优先次序"),
        "products": (_OF_THE_GRAPH, "Goods to look at first. 重点商品"),
        "rights": (_OF_THE_GRAPH, "Rights that are easily infringed. 易受侵害权利"),
        "sites": (_OF_THE_GRAPH, "Places to inspect first. 场所核查优先次序"),
        "list": ("suyuan.cli.rank_list", "Working lists with inspection priority. 重点关注清单（内部）"),
        "table": ("suyuan.cli.rank_table", "Rank the rows and firms of any labelled table. 表格风险排序"),
    }

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        """The command of that name, or None."""
        found = self.commands_by_name.get(cmd_name)
        if found is not None and found[0] == _OF_THE_GRAPH:
            return KindCommand(cmd_name, *found)
        return super().get_command(ctx, cmd_name)


app = typer.Typer(cls=RankCommands, no_args_is_help=True)


@app.callback()
def _options() -> None:
    """Whom and what to look at first. 风险排序"""
