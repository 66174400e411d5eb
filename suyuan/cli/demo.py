"""``suyuan demo``: from nothing to a served graph, in one command."""

import csv
import socket
from pathlib import Path
from typing import Annotated, Final

import typer

from suyuan.cli.listening import address_of, listening_socket
from suyuan.cli.output import note, progress_bar
from suyuan.cli.serve import run_server
from suyuan.cli.trace import print_report
from suyuan.errors import ConfigError
from suyuan.ingest.run import IngestOptions, ingest
from suyuan.service.actor_building import build_actors
from suyuan.service.tokens import create_token
from suyuan.service.tracing import Tracer, TraceRequest
from suyuan.service.workspace import Workspace
from suyuan.simulate.market import MarketOptions, simulate_market

app = typer.Typer()

_HOST: Final = "127.0.0.1"


@app.command()
def demo(
    store: Annotated[
        str, typer.Option("--store", metavar="URL", help="sqlite, neo4j (started here), or a store URL.")
    ] = "sqlite",
    port: Annotated[
        int, typer.Option(min=0, max=65535, help="Port; the next free one if it is taken.")
    ] = 8000,
    folder: Annotated[Path, typer.Option(help="Folder for the market and the SQLite store.")] = Path(
        "demo-data"
    ),
    no_serve: Annotated[bool, typer.Option("--no-serve", help="Stop after the trace.")] = False,
) -> None:
    """Make a market, ingest it, trace a listing, serve it."""
    folder.mkdir(parents=True, exist_ok=True)
    url = _store_url(store, folder)
    market = folder / "market"
    note("1. Simulating a market with invented names ...")
    with progress_bar("Simulating") as progress:
        summary = simulate_market(MarketOptions(), market, progress)
    note(
        f"   {summary.movements_recorded:,} shipments, {summary.sellers} shops, {summary.factories} factories"
    )
    with Workspace.open(url, create=True) as workspace:
        note(f"2. Ingesting it into {workspace.store.url} ...")
        report = ingest(workspace.store, [market], IngestOptions(), None).to_json()
        note(
            f"   {report['rows_read']:,} rows read, {report['written']:,} written, "
            f"{report['unchanged']:,} unchanged, {report['rejected']:,} rejected"
        )
        built = build_actors(workspace).run.counts
        note(
            f"   {built['joined']:,} actors behind two or more shops, firms and persons 关联主体: suyuan actors list"
        )
        case, factory = _a_listing(market / "truth.csv")
        note(f"3. Tracing {case} back to where it was made ...")
        print_report(Tracer(workspace).report(case, TraceRequest()))
        note(f"   The simulation knows the truth: {factory}")
        _, token = create_token(workspace.store.documents, "demo", "analyst", days=1)
    if no_serve:
        return
    listening = _listening(port)
    address = address_of(_HOST, listening)
    typer.echo(f"Address: {address}   query page: {address}/graphiql")
    typer.echo(f"Token:   {token}   (valid for a day; not needed on this machine)")
    run_server(url, _HOST, listening)


def _store_url(store: str, folder: Path) -> str:
    if store == "sqlite":
        return f"sqlite:///{folder / 'suyuan.db'}"
    if store == "neo4j":
        from suyuan.cli.neo4j import LocalServer, default_home

        note("0. Starting a local Neo4j (the first time it is fetched, about 150 MB) ...")
        return LocalServer().start(default_home()).url
    return store


def _a_listing(truth: Path) -> tuple[str, str]:
    with truth.open(encoding="utf-8") as file:
        for row in csv.DictReader(file):
            if row["case"].startswith("Listing:"):
                return row["case"], row["factory"]
    raise ConfigError(f"{truth} names no listing.")


def _listening(wanted: int) -> socket.socket:
    try:
        return listening_socket(_HOST, wanted)
    except ConfigError:
        note(f"Port {wanted} is taken; taking a free one.")
        return listening_socket(_HOST, 0)
