"""What happens around every request: id, headers, rate limit, metrics."""

import hashlib
import secrets
import time
from typing import Any, Final

import structlog
from limits import RateLimitItemPerMinute
from limits.storage import MemoryStorage
from limits.strategies import MovingWindowRateLimiter
from prometheus_client import CollectorRegistry, Counter, Histogram
from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from suyuan.web.assets import CONTENT_SECURITY_POLICY

_log = structlog.get_logger("suyuan.http")

_SECURITY_HEADERS: Final = {
    "content-security-policy": CONTENT_SECURITY_POLICY,
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
}
_UNLIMITED: Final = ("/livez", "/readyz", "/metrics", "/static")


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
        self.refused = Counter(
            "suyuan_rate_limited", "Requests refused by the rate limit.", registry=self.registry
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
        path = scope["path"] if scope["path"] in self._paths else "other"
        self._metrics.requests.labels(path, str(status)).inc()
        self._metrics.seconds.labels(path).observe(seconds)
        if seconds * 1000 > self._slow_ms:
            _log.warning(
                "slow request", path=path, ms=round(seconds * 1000), status=status, request_id=request_id
            )


class RateLimitMiddleware:
    """So many requests a minute for each caller: by token where there is one, else by address."""

    def __init__(self, app: ASGIApp, metrics: Metrics, per_minute: int) -> None:
        self._app = app
        self._metrics = metrics
        self._limit = RateLimitItemPerMinute(per_minute)
        self._limiter = MovingWindowRateLimiter(MemoryStorage())

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """ASGI entry."""
        if scope["type"] != "http" or scope["path"].startswith(_UNLIMITED):
            await self._app(scope, receive, send)
            return
        if self._limiter.hit(self._limit, _caller_key(scope)):
            await self._app(scope, receive, send)
            return
        self._metrics.refused.inc()
        message = f"More than {self._limit.amount} requests in a minute. Wait a little and try again."
        body: dict[str, Any] = {"errors": [{"message": message, "extensions": {"code": "RATE_LIMITED"}}]}
        await JSONResponse(body, 429, headers={"retry-after": "10"})(scope, receive, send)


def _caller_key(scope: Scope) -> str:
    token = Headers(scope=scope).get("authorization")
    if token:
        return hashlib.sha256(token.encode()).hexdigest()
    client = scope.get("client")
    return client[0] if client else "unknown"
