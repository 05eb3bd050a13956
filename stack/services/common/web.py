"""How a service that calls others listens, answers for its health and its metrics, and ends. Others: see `wsgi`."""

import time
from collections.abc import Awaitable, Callable
from typing import Any

from aiohttp import web

from services.common import log, metrics, tracing
from services.common.process import LARGEST_BODY, UNTRACED, run
from services.common.settings import Listen, Settings

__all__ = ["application", "json_body", "serve"]

_Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

_SERVER_ERROR = 500


def application(*middlewares: Any) -> web.Application:
    """An application with `/healthz`, `/metrics`, request metrics and JSON errors."""
    app = web.Application(middlewares=[*middlewares, _trace, _measure, _errors], client_max_size=LARGEST_BODY)
    app.router.add_get("/healthz", _healthz)
    app.router.add_get("/metrics", _metrics)
    return app


def serve(service: str, make: Callable[[Settings], web.Application]) -> None:
    """Listen as that service until SIGTERM or SIGINT, then end within about a second; see `process.run`."""
    run(service, make, _listen)


def _listen(app: web.Application, where: Listen, listening: Callable[..., None]) -> None:
    web.run_app(app, host=where.host, port=where.port, shutdown_timeout=0.5, access_log=None, print=listening)


async def json_body(request: web.Request) -> Any:
    """The request's JSON. Raises HTTPBadRequest where it is none."""
    try:
        return await request.json()
    except (ValueError, RecursionError):  # UnicodeDecodeError is a ValueError
        raise web.HTTPBadRequest(text="the body is not JSON") from None


async def _healthz(_request: web.Request) -> web.Response:
    return web.json_response({"status": "ok"})


async def _metrics(_request: web.Request) -> web.Response:
    body, content_type = metrics.page()
    return web.Response(body=body, headers={"Content-Type": content_type})


@web.middleware
async def _measure(request: web.Request, handler: _Handler) -> web.StreamResponse:
    began = time.perf_counter()
    response = await handler(request)
    method, route = _known(request)
    degraded = response.headers.get("X-Degraded", "false")
    metrics.answered(method, route, response.status, degraded, time.perf_counter() - began)
    return response


@web.middleware
async def _trace(request: web.Request, handler: _Handler) -> web.StreamResponse:
    if not tracing.is_on() or request.path in UNTRACED:
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
