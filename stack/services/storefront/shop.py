"""The shop page: three files, read once, nothing loaded from elsewhere."""

from collections.abc import Awaitable, Callable
from pathlib import Path

from aiohttp import web

__all__ = ["add_page"]

_PAGE = Path(__file__).with_name("page")
_TYPES = {"shop.css": "text/css", "shop.js": "text/javascript"}
_HEADERS = {
    "Content-Security-Policy": "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; "
    "img-src 'self' data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "X-Degraded": "false",
}


def add_page(app: web.Application) -> None:
    """Serve the page at `/` and its style and script beside it."""
    app.router.add_get("/", _serve("index.html", "text/html"))
    for name, kind in _TYPES.items():
        app.router.add_get(f"/{name}", _serve(name, kind))


def _serve(name: str, kind: str) -> Callable[[web.Request], Awaitable[web.Response]]:
    content = (_PAGE / name).read_bytes()

    async def handler(_request: web.Request) -> web.Response:
        return web.Response(body=content, content_type=kind, charset="utf-8", headers=_HEADERS)

    return handler
