"""``suyuan serve``: GraphQL over HTTP."""

import socket
from ipaddress import ip_address
from typing import Annotated

import typer
import uvicorn

from suyuan.api.app import make_app
from suyuan.cli.listening import address_of, listening_socket
from suyuan.cli.output import StoreOption, note
from suyuan.errors import ConfigError
from suyuan.service.tokens import list_tokens
from suyuan.service.workspace import Workspace, store_url
from suyuan.settings import settings

app = typer.Typer()


@app.command()
def serve(
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="Port; 0 takes a free one.")] = 8000,
    create: Annotated[
        bool, typer.Option("--create", help="Make the store if there is none, for rows that will be posted.")
    ] = False,
    store: StoreOption = None,
) -> None:
    """Serve GraphQL at /graphql and the query page at /graphiql."""
    url = store_url(store)
    with Workspace.open(url, create=create) as workspace:
        _check_host(host, workspace)
        run_server(url, host, listening_socket(host, port))


def run_server(url: str, host: str, listening: socket.socket) -> None:
    """Runs the server of ``server:app`` over a store, on a socket, until it is told to stop."""
    app = make_app(settings=settings().model_copy(update={"store": url}))
    config = uvicorn.Config(
        app,
        log_level="warning",
        ws_max_size=1_000_000,
        server_header=False,
        lifespan="on",
    )
    note(f"Serving on {address_of(host, listening)} (query page: /graphiql). Stop with Ctrl-C.")
    uvicorn.Server(config).run(sockets=[listening])


def _check_host(host: str, workspace: Workspace) -> None:
    if _is_loopback(host):
        return
    active = [token for token in list_tokens(workspace.store.documents) if token.state == "active"]
    if not active:
        raise ConfigError(
            f"{host} can be reached from other machines, and no access token exists. "
            "Make one first (suyuan token create NAME), or serve on 127.0.0.1."
        )


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False
