"""``suyuan token``: access tokens for callers from other machines."""

from dataclasses import asdict
from typing import Annotated

import typer

from suyuan.cli.output import JsonOption, StoreOption, note, print_json, usage_errors
from suyuan.service.tokens import create_token, list_tokens, revoke_token
from suyuan.service.workspace import Workspace

app = typer.Typer(help="Make, list and revoke access tokens. 访问令牌", no_args_is_help=True)


@app.command()
def create(
    subject: Annotated[str, typer.Argument(help="Who gets it, such as bureau-330782.")],
    role: Annotated[
        str, typer.Option(help="analyst, officer, supervisor, administrator or ingest.")
    ] = "analyst",
    days: Annotated[int, typer.Option(min=1, help="Days until it expires.")] = 90,
    store: StoreOption = None,
    as_json: JsonOption = False,
) -> None:
    """Make a token and print it; it is shown this once only."""
    with Workspace.open(store, create=True) as workspace, usage_errors():
        token, text = create_token(workspace.store.documents, subject, role, days)
    if as_json:
        print_json({"token": text, **asdict(token)})
    else:
        typer.echo(text)
        note(
            f"For {token.subject} ({token.role}), valid until {token.expires_at[:10]}. It is not shown again."
        )


@app.command("list")
def list_(store: StoreOption = None, as_json: JsonOption = False) -> None:
    """List all tokens, without their secrets."""
    with Workspace.open(store) as workspace:
        tokens = list_tokens(workspace.store.documents)
    if as_json:
        print_json({"tokens": [{**asdict(token), "state": token.state} for token in tokens]})
        return
    for token in tokens:
        typer.echo(
            f"{token.token_id}  {token.state:<8} {token.role:<14} {token.expires_at[:10]}  {token.subject}"
        )


@app.command()
def revoke(
    token_id: Annotated[str, typer.Argument(help="Id of the token, as listed.")],
    store: StoreOption = None,
    as_json: JsonOption = False,
) -> None:
    """End a token at once."""
    with Workspace.open(store) as workspace:
        token = revoke_token(workspace.store.documents, token_id)
    if as_json:
        print_json({**asdict(token), "state": token.state})
    else:
        note(f"Token {token.token_id} of {token.subject} is revoked.")
