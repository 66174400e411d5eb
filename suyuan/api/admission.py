"""Who may ask: tokens everywhere, none needed by the machine's own user on loopback."""

from ipaddress import ip_address

from starlette.concurrency import run_in_threadpool
from starlette.requests import HTTPConnection

from suyuan.errors import AccessError
from suyuan.service.tokens import Token, authenticate
from suyuan.service.workspace import Workspace
from suyuan.settings import Settings

_LOCAL_NAMES = frozenset({"localhost", "127.0.0.1", "[::1]", "::1"})


def bearer_token(connection: HTTPConnection) -> str | None:
    """The token of the Authorization header, or None without the header.

    Raises
    ------
    AccessError
        The header is there and is no bearer token.
    """
    header = connection.headers.get("authorization")
    if header is None:
        return None
    scheme, _, token = header.partition(" ")
    if scheme.lower() != "bearer" or not token.strip():
        raise AccessError("The Authorization header must read: Bearer <token>.", authenticated=False)
    return token.strip()


def is_own_user(connection: HTTPConnection) -> bool:
    """Whether the caller sits on this machine: loopback address, loopback name, and no proxy between.

    The name is checked against DNS rebinding: a page of another site can make a browser send requests here, but only
    under its own name.
    """
    client = connection.client
    if client is None or "x-forwarded-for" in connection.headers or "forwarded" in connection.headers:
        return False
    try:
        on_loopback = ip_address(client.host).is_loopback
    except ValueError:
        return False
    return on_loopback and (connection.url.hostname or "") in _LOCAL_NAMES


async def caller_of(connection: HTTPConnection, workspace: Workspace, settings: Settings) -> Token | None:
    """The token of the caller; None for the machine's own user.

    Raises
    ------
    AccessError
        No token where one is needed, or one that is not valid.
    """
    text = bearer_token(connection)
    if text is not None:
        return await run_in_threadpool(authenticate, workspace.store.documents, text)
    if settings.require_token or not is_own_user(connection):
        raise AccessError(
            "A token is needed. Send it as 'Authorization: Bearer <token>'; make one with: suyuan token create",
            authenticated=False,
        )
    return None
