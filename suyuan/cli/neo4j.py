"""``suyuan neo4j``: a real Neo4j server on this machine, without Docker or Java of your own."""

from pathlib import Path
from typing import Annotated

import typer

from suyuan.cli.output import JsonOption, note, print_json
from suyuan.errors import ConfigError

try:
    from suyuan.graph.store.local_server import LocalServer, ServerInfo, default_home
    from suyuan.graph.store.local_server_import import import_folder
except ModuleNotFoundError as missing:
    raise ConfigError(
        f"{missing.name} is not installed. Run: pip install 'suyuan[neo4j-local]' "
        "(in a checkout: make demo STORE=neo4j)."
    ) from missing

app = typer.Typer(help="Start and stop a local Neo4j server. 本机图数据库", no_args_is_help=True)

HomeOption = Annotated[
    Path | None,
    typer.Option("--home", help="Folder of the server's data; default below the user's data folder."),
]


@app.command()
def start(
    home: HomeOption = None,
    bolt_port: Annotated[int | None, typer.Option(min=1, max=65535, help="Default: a free port.")] = None,
    heap_mb: Annotated[int, typer.Option(min=256, help="Java heap, MB.")] = 1024,
    page_cache_mb: Annotated[int, typer.Option(min=64, help="Page cache, MB.")] = 512,
    as_json: JsonOption = False,
) -> None:
    """Start the server (once; a second call tells the running one) and print its store URL."""
    info = LocalServer().start(
        home or default_home(), bolt_port=bolt_port, heap_mb=heap_mb, page_cache_mb=page_cache_mb
    )
    _print(info, as_json)


@app.command()
def stop(home: HomeOption = None, as_json: JsonOption = False) -> None:
    """Stop the server and wait until it has closed its files."""
    stopped = LocalServer().stop(home or default_home())
    if as_json:
        print_json({"stopped": stopped})
    else:
        note("Stopped." if stopped else "No server was running.")


@app.command()
def status(home: HomeOption = None, as_json: JsonOption = False) -> None:
    """Tell whether the server runs, and its store URL."""
    info = LocalServer().status(home or default_home())
    if info is not None:
        _print(info, as_json)
    elif as_json:
        print_json({"running": False})
    else:
        note("No server is running. Start one with: suyuan neo4j start")


@app.command("import")
def import_command(
    folder: Annotated[Path, typer.Argument(help="Folder made by: suyuan export neo4j-admin FOLDER")],
    home: HomeOption = None,
    replace: Annotated[
        bool, typer.Option("--replace", help="Give up what the database holds, access tokens too.")
    ] = False,
    heap_mb: Annotated[int, typer.Option(min=256, help="Java heap of import and server, MB.")] = 1024,
    as_json: JsonOption = False,
) -> None:
    """Load an exported graph into the empty database of the local server, and start it."""
    info, manifest = import_folder(
        LocalServer(), home or default_home(), folder, replace=replace, heap_mb=heap_mb
    )
    if as_json:
        loaded = {
            "snapshot": manifest.snapshot,
            "nodes": manifest.nodes,
            "relationships": manifest.relationships,
        }
        print_json({"url": info.url, "home": str(info.home), **loaded})
        return
    typer.echo(info.url)
    note(f"Loaded {manifest.nodes:,} nodes and {manifest.relationships:,} relationships into {info.home}.")
    note(f"suyuan doctor has to print the graph hash of the export: {manifest.snapshot}")


def _print(info: ServerInfo, as_json: bool) -> None:
    if as_json:
        print_json({"running": True, "url": info.url, "pid": info.pid, "home": str(info.home)})
        return
    typer.echo(info.url)
    note(f"Process {info.pid}, data in {info.home}.")
