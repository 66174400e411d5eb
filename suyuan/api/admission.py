"""Who may ask, and how often: tokens everywhere, none needed by the machine's own user on loopback."""

from ipaddress import ip_address
from typing import Final

from limits import RateLimitItemPerMinute
from limits.storage import MemoryStorage
from limits.strategies import MovingWindowRateLimiter
from starlette.requests import HTTPConnection

from suyuan.api.http_request import RequestRefusedError
from suyuan.api.workers import Workers
from suyuan.errors import AccessError
from suyuan.graph.store.documents import Documents
from suyuan.service.tokens import (
    DELIVERS_ROWS,
    READS_THE_GRAPH,
    Token,
    authenticate,
    require_active,
)
from suyuan.settings import Settings

_LOCAL_NAMES: Final = frozenset({"localhost", "127.0.0.1", "::1"})
_SIGNS_OF_A_PROXY: Final = ("forwarded", "x-forwarded-for", "x-forwarded-host", "x-real-ip", "via")
_FAILURES_PER_MINUTE: Final = 30
_RETRY_SECONDS: Final = "10"


def bearer_token(connection: HTTPConnection) -> str | None:
    """The token of the Authorization header, or None without the header.

    Raises
    ------
    AccessError
        The header is there and is no bearer token.
    """
    header = connection.headers.get("authorization")
    return None if header is None else _token_of(header)


def _token_of(header: str) -> str:
    scheme, _, token = header.partition(" ")
    if scheme.lower() != "bearer" or not token.strip():
        raise AccessError("The Authorization header must read: Bearer <token>.", authenticated=False)
    return token.strip()


def is_own_user(connection: HTTPConnection) -> bool:
    """Whether the caller sits on this machine: loopback address, loopback name, no proxy, no foreign page.

    The name is checked against DNS rebinding: a page of another site can make a browser send requests here,
    but only under its own name.
    """
    client, headers = connection.client, connection.headers
    if client is None or any(name in headers for name in _SIGNS_OF_A_PROXY):
        return False
    if headers.get("sec-fetch-site", "none") not in ("none", "same-origin"):
        return False
    try:
        on_loopback = ip_address(client.host).is_loopback
    except ValueError:
        return False
    return on_loopback and _host_name(headers.get("host", "")) in _LOCAL_NAMES


def _host_name(host: str) -> str:
    """The name of a Host header without port and brackets, in lower case."""
    if host.startswith("["):
        return host[1:].partition("]")[0].lower()
    return host.partition(":")[0].lower()


class Admission:
    """Finds out who asks and counts the requests of each: by subject, or by address without a token.

    Wrong tokens are counted by address too, so that guessing is slow and costs no memory for each guess.
    """

    def __init__(self, documents: Documents, workers: Workers, settings: Settings) -> None:
        self._documents = documents
        self._workers = workers
        self._require_token = settings.require_token
        self._each = RateLimitItemPerMinute(settings.requests_per_minute, namespace="requests")
        self._posts = RateLimitItemPerMinute(settings.posts_per_minute, namespace="posts")
        self._failures = RateLimitItemPerMinute(_FAILURES_PER_MINUTE, namespace="failures")
        self._limiter = MovingWindowRateLimiter(MemoryStorage())

    async def caller(self, connection: HTTPConnection) -> Token | None:
        """The token of the caller; None for the machine's own user.

        Raises
        ------
        AccessError
            No token where one is needed, one that is not valid, or one of a role that may not ask.
        RequestRefusedError
            Too many requests (``RATE_LIMITED``).
        """
        token = await self._known(connection, self._each)
        _require_reader(token)
        return token

    async def sender(self, connection: HTTPConnection) -> Token | None:
        """The token of a caller who delivers rows; None for the machine's own user.

        Raises
        ------
        AccessError
            As of :meth:`caller`; a page of another site that uses the own user's browser.
        RequestRefusedError
            Too many posts (``RATE_LIMITED``).
        """
        token = await self._known(connection, self._posts)
        if token is not None and token.role not in DELIVERS_ROWS:
            raise AccessError(
                f"A token of the role {token.role!r} may not deliver rows. Ask for one of ingest."
            )
        if token is None and not _is_own_origin(connection):
            raise self.token_needed()
        return token

    async def socket_caller(self, connection: HTTPConnection) -> tuple[bool, Token | None]:
        """Whether who opens a WebSocket is let in already, and as whom; else a token has to follow.

        Raises
        ------
        AccessError, RequestRefusedError
        """
        if bearer_token(connection) is None and (self._require_token or not is_own_user(connection)):
            self._count(f"address {self.address(connection)}", self._each)
            return False, None
        return True, await self.caller(connection)

    async def token_caller(self, header: str, address: str) -> Token:
        """The token that a WebSocket's first message carries.

        Raises
        ------
        AccessError, RequestRefusedError
        """
        token = await self._authenticated(_token_of(header), address)
        _require_reader(token)
        return token

    async def again(self, token: Token | None, address: str) -> None:
        """Counts one more operation of a caller who was let in before, and looks whether the token still holds.

        Raises
        ------
        AccessError, RequestRefusedError, StoreError
        """
        self._count(f"subject {token.subject}" if token else f"address {address}", self._each)
        if token is not None:
            await self._workers.read(lambda: require_active(self._documents, token))

    @staticmethod
    def address(connection: HTTPConnection) -> str:
        """Where a caller sits."""
        return connection.client.host if connection.client else "unknown"

    @staticmethod
    def token_needed() -> AccessError:
        """The error of a caller without a token who needs one."""
        return AccessError(
            "A token is needed. Send it as 'Authorization: Bearer <token>'; "
            "make one with: suyuan token create",
            authenticated=False,
        )

    async def _known(self, connection: HTTPConnection, limit: RateLimitItemPerMinute) -> Token | None:
        address = self.address(connection)
        text = bearer_token(connection)
        if text is not None:
            token = await self._authenticated(text, address)
            self._count(f"subject {token.subject}", limit)
            return token
        self._count(f"address {address}", limit)
        if self._require_token or not is_own_user(connection):
            raise self.token_needed()
        return None

    async def _authenticated(self, text: str, address: str) -> Token:
        if not self._limiter.test(self._failures, address):
            raise _too_many(self._failures)
        try:
            return await self._workers.read(lambda: authenticate(self._documents, text))
        except AccessError:
            self._limiter.hit(self._failures, address)
            raise

    def _count(self, who: str, limit: RateLimitItemPerMinute) -> None:
        if not self._limiter.hit(limit, who):
            raise _too_many(limit)


def _require_reader(token: Token | None) -> None:
    if token is not None and token.role not in READS_THE_GRAPH:
        raise AccessError(f"A token of the role {token.role!r} may not query. Ask for another role.")


def _is_own_origin(connection: HTTPConnection) -> bool:
    """Whether no page, or one of this server, sends a request; such a body needs no leave of the browser."""
    origin = connection.headers.get("origin")
    return origin is None or origin.partition("://")[2] == connection.headers.get("host")


def _too_many(limit: RateLimitItemPerMinute) -> RequestRefusedError:
    return RequestRefusedError(
        f"More than {limit.amount} requests in a minute. Wait a little and try again.",
        code="RATE_LIMITED",
        headers={"retry-after": _RETRY_SECONDS},
    )
