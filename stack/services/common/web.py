"""How every service listens, answers for its health and its metrics, and ends."""

import os
import sys
import time
from collections.abc import Awaitable, Callable
from typing import Any

from aiohttp import web
from prometheus_client import CONTENT_TYPE_LATEST, Counter, Histogram, generate_latest

from services.common import log, tracing
from services.common.settings import InvalidSetting, Settings, read

__all__ = ["application", "json_body", "serve"]

_Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

_LARGEST_BODY = 64 * 1024
_SERVER_ERROR = 500
_UNTRACED = ("/healthz", "/metrics", "/breakers")
"""Asked many times a second by those who look on; no shopper's request among them."""
_REQUESTS = Counter("http_requests", "Requests answered", ["method", "route", "status", "degraded"])
_SECONDS = Histogram(
    "http_request_seconds",
    "Seconds from request to answer",
    ["method", "route"],
    buckets=(0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5),
)


def application(*middlewares: Any) -> web.Application:
    """An application with `/healthz`, `/metrics`, request metrics and JSON errors."""
    app = web.Application(middlewares=[*middlewares, _trace, _measure, _errors], client_max_size=_LARGEST_BODY)
    app.router.add_get("/healthz", _healthz)
    app.router.add_get("/metrics", _metrics)
    return app


def serve(service: str, make: Callable[[Settings], web.Application]) -> None:
    """Listen as that service until SIGTERM or SIGINT, then end within about a second.

    An invalid setting, or a port that is taken, ends the process with a sentence.
    """
    log.begin(service)
    try:
        settings = read(os.environ)
        app = make(settings)
    except InvalidSetting as error:
        sys.exit(str(error))
    listen = settings.listen

    def listening(*_: object) -> None:
        log.event("listening", host=listen.host, port=listen.port)
        tracing.begin(log.service(), settings.trace_endpoints, settings.traces_per_second)

    log.event("starting", host=listen.host, port=listen.port)
    try:
        web.run_app(
            app,
            host=listen.host,
            port=listen.port,
            shutdown_timeout=0.5,
            access_log=None,
            print=listening,
        )
    except OSError as error:
        log.event("failed", reason=f"cannot listen on {listen.host}:{listen.port}: {error}")
        sys.exit(1)
    tracing.end()
    log.event("ended")


async def json_body(request: web.Request) -> Any:
    """The request's JSON. Raises HTTPBadRequest where it is none."""
    try:
        return await request.json()
    except (ValueError, RecursionError):  # UnicodeDecodeError is a ValueError
        raise web.HTTPBadRequest(text="the body is not JSON") from None


async def _healthz(_request: web.Request) -> web.Response:
    return web.json_response({"status": "ok"})


async def _metrics(_request: web.Request) -> web.Response:
    return web.Response(body=generate_latest(), headers={"Content-Type": CONTENT_TYPE_LATEST})


@web.middleware
async def _measure(request: web.Request, handler: _Handler) -> web.StreamResponse:
    began = time.perf_counter()
    response = await handler(request)
    method, route = _known(request)
    _REQUESTS.labels(method, route, response.status, response.headers.get("X-Degraded", "false")).inc()
    _SECONDS.labels(method, route).observe(time.perf_counter() - began)
    return response


@web.middleware
async def _trace(request: web.Request, handler: _Handler) -> web.StreamResponse:
    if not tracing.is_on() or request.path in _UNTRACED:
        return await handler(request)
    method, route = _known(request)
    with tracing.span(
        f"{method} {route}", "server", carrier=request.headers, http__request__method=method, http__route=route
    ) as span:
        response = await handler(request)
        degraded = response.headers.get("X-Degraded") == "true" or None
        span.set(http__response__status_code=response.status, degraded=degraded)
        if response.status >= _SERVER_ERROR:
            span.fail(f"answered {response.status}")
        return response


def _known(request: web.Request) -> tuple[str, str]:
    """Method and route; what no route matches is one, so that nobody can make up a thousand."""
    resource = request.match_info.route.resource
    return (request.method, resource.canonical) if resource else ("any", "unmatched")


@web.middleware
async def _errors(request: web.Request, handler: _Handler) -> web.StreamResponse:
    try:
        return await handler(request)
    except web.HTTPException as error:
        allowed = {"Allow": error.headers["Allow"]} if "Allow" in error.headers else None
        return web.json_response({"reason": error.text or error.reason}, status=error.status, headers=allowed)
    except Exception as error:  # noqa: BLE001 - the last resort: an answer instead of a cut connection
        log.event("error", path=request.path, exception=repr(error))
        return web.json_response({"reason": "an error on our side"}, status=500)
