"""WebSocket connections: who opened one, and a context of its own for each operation on it."""

from dataclasses import dataclass, field
from typing import Any

from graphql import GraphQLError
from starlette.requests import HTTPConnection

from suyuan.api.admission import Admission
from suyuan.api.context import RequestContext, Services
from suyuan.api.http_request import RequestRefusedError
from suyuan.errors import AccessError, StoreError
from suyuan.service.tokens import Token


@dataclass
class SocketContext:
    """A connection. ``connection_params`` is the payload of its ``connection_init`` message.

    A browser cannot send an Authorization header with a WebSocket, so the token may come in that payload instead:
    ``{"Authorization": "Bearer <token>"}``.
    """

    services: Services
    admission: Admission
    address: str
    admitted: bool
    caller: Token | None
    connection_params: dict[str, Any] = field(default_factory=dict[str, Any])

    @classmethod
    async def of(
        cls, connection: HTTPConnection, services: Services, admission: Admission
    ) -> "SocketContext":
        """The context of a new connection, whose caller may still have to name themselves.

        Raises
        ------
        AccessError
            The token of the header is not valid.
        RequestRefusedError
            Too many requests.
        """
        admitted, caller = await admission.socket_caller(connection)
        return cls(services, admission, admission.address(connection), admitted, caller)

    async def admit(self) -> None:
        """Lets the caller in after ``connection_init``.

        Raises
        ------
        AccessError
        """
        given = self.connection_params.get("Authorization", self.connection_params.get("authorization"))
        if given is not None:
            self.caller = await self.admission.token_caller(str(given), self.address)
        elif not self.admitted:
            raise self.admission.token_needed()
        self.admitted = True

    async def request(self) -> RequestContext:
        """The context of one operation: it sees the store as it is now, and the token as it is now."""
        context = RequestContext(self.services, self.caller)
        try:
            await self.admission.again(self.caller, self.address)
        except AccessError as error:
            context.refusal = GraphQLError(error.message, extensions={"code": error.code})
        except RequestRefusedError as error:
            context.refusal = GraphQLError(error.reason, extensions={"code": error.code})
        except StoreError as error:
            context.refusal = GraphQLError(error.message, original_error=error)
        return context
