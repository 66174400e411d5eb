"""The ``suyuan`` command."""

import json
import logging
import os
import sys
from typing import Annotated

import typer
from typer.exceptions import TyperException
from typer.rich_utils import rich_format_error

from suyuan import __version__
from suyuan.cli.lazy import LazyGroup
from suyuan.errors import SuyuanError


class Commands(LazyGroup):
    """All commands with the modules that hold them."""

    commands_by_name = {  # noqa: RUF012
        "demo": ("suyuan.cli.demo", "Make a market, ingest it, trace a listing, serve it. 一键演示"),
        "simulate": (
            "suyuan.cli.simulate",
            "Write the tables of an invented market with a known truth. 模拟市场",
        ),
        "ingest": ("suyuan.cli.ingest", "Read tables into the store. 导入数据"),
        "trace": ("suyuan.cli.tracing", "Where was it made, by which way did it come. 源头追溯"),
        "origins": (
            "suyuan.cli.origins",
            "Which common origin explains these cases, which of them mislead. 共同来源",
        ),
        "impact": ("suyuan.cli.impact", "What came from here: sites, sellers, listings, rights. 流向分析"),
        "cut": ("suyuan.cli.cut", "Which places to close so that goods from here stop. 阻断方案"),
        "actors": ("suyuan.cli.actors", "Who is behind the shops, firms and persons. 关联主体"),
        "networks": ("suyuan.cli.networks", "Accounts that hang together, and who recurs. 关联主体网络"),
        "rank": ("suyuan.cli.rank", "Whom and what to look at first. 风险排序"),
        "export": ("suyuan.cli.export", "Write tables or the graph to files. 导出"),
        "serve": ("suyuan.cli.serve", "Serve GraphQL over HTTP. 启动服务"),
        "neo4j": ("suyuan.cli.neo4j", "Start and stop a local Neo4j server. 本机图数据库"),
        "doctor": ("suyuan.cli.doctor", "Check a store and print its graph hash. 检查数据"),
        "token": ("suyuan.cli.token", "Make, list and revoke access tokens. 访问令牌"),
    }


app = typer.Typer(
    cls=Commands,
    help="Suyuan 溯源: finds where infringing goods come from and who keeps selling them.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=True,
)


def _print_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"suyuan {__version__}")
        raise typer.Exit


@app.callback()
def _options(
    version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """Suyuan 溯源: finds where infringing goods come from and who keeps selling them."""


def _tell(error: dict[str, object]) -> None:
    """The error as a JSON document for a program that asked for one."""
    if "--json" in sys.argv[1:]:
        sys.stdout.write(json.dumps({"error": error}, ensure_ascii=False, default=str) + "\n")
        sys.stdout.flush()


def main() -> None:
    """Runs the command line; exit status 0 done, 1 failed, 2 usage."""
    # What the driver has to say comes back as an error of ours.
    logging.getLogger("neo4j").setLevel(logging.CRITICAL)
    try:
        sys.exit(app(standalone_mode=False) or 0)
    except SuyuanError as error:
        _tell(error.to_json())
        typer.echo(f"suyuan: {error.message} [{error.code}]", err=True)
        sys.exit(1)
    except TyperException as error:
        if error.exit_code:
            _tell({"code": "BAD_USER_INPUT", "message": error.format_message()})
        rich_format_error(error)  # pyright: ignore[reportArgumentType] - all of them are shown by it
        sys.exit(error.exit_code)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(1)
    except KeyboardInterrupt:
        sys.exit(130)
