"""``suyuan networks``: who hangs together, who recurs, and by what."""

import typer

from suyuan.cli.lazy import LazyGroup


class NetworkCommands(LazyGroup):
    """What can be asked of networks."""

    commands_by_name = {  # noqa: RUF012
        "list": ("suyuan.cli.networks_list", "List networks, those with the most findings first. 网络列表"),
        "show": ("suyuan.cli.networks_show", "Show one network with the evidence for each tie. 网络详情"),
    }


app = typer.Typer(cls=NetworkCommands, no_args_is_help=True)


@app.callback()
def _options() -> None:
    """Accounts that hang together, and who recurs. 关联主体网络"""
