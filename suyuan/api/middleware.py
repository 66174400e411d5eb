"""What happens around every request: id, headers, metrics, the log of slow ones."""

import secrets
import time
from typing import Final

import structlog
from prometheus_client import CollectorRegistry, Counter, Histogram
from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from suyuan.web.assets import CONTENT_SECURITY_POLICY

_log = structlog.get_logger("suyuan.http")

_SECURITY_HEADERS: Final = {
    "content-security-policy": CONTENT_SECURITY_POLICY,
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
}


class Metrics:
    """Counters of one application, in a registry of its own."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.requests = Counter(
            "suyuan_http_requests", "Requests by path and status.", ["path", "status"], registry=self.registry
        )
        self.seconds = Histogram(
            "suyuan_http_request_seconds", "Time to answer, by path.", ["path"], registry=self.registry
        )
        self.errors = Counter(
            "suyuan_graphql_errors", "Errors in GraphQL answers, by code.", ["code"], registry=self.registry
        )


class RequestMiddleware:
    """Gives every request an id, measures and logs it, and sets the security headers."""

    def __init__(self, app: ASGIApp, metrics: Metrics, known_paths: frozenset[str], slow_ms: float) -> None:
        self._app = app
        self._metrics = metrics
        self._paths = known_paths
        self._slow_ms = slow_ms

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """ASGI entry."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        request_id = secrets.token_hex(8)
        scope.setdefault("state", {})["request_id"] = request_id
        status, began = 500, time.perf_counter()

        async def send_with_headers(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                headers = MutableHeaders(scope=message)
                headers["x-request-id"] = request_id
                for name, value in _SECURITY_HEADERS.items():
                    headers.setdefault(name, value)
            await send(message)

        try:
            await self._app(scope, receive, send_with_headers)
        finally:
            self._count(scope, status, time.perf_counter() - began, request_id)

    def _count(self, scope: Scope, status: int, seconds: float, request_id: str) -> None:
        path = _label(scope["path"], self._paths)
        self._metrics.requests.labels(path, str(status)).inc()
        self._metrics.seconds.labels(path).observe(seconds)
        if seconds * 1000 > self._slow_ms:
            _log.warning(
                "slow request", path=path, ms=round(seconds * 1000), status=status, request_id=request_id
            )


def _label(path: str, known: frozenset[str]) -> str:
    """The route of a path; paths that somebody made up do not become labels."""
    if path in known:
        return path
    route = f"{path.rpartition('/')[0]}/{{table}}"
    return route if route in known else "other"
