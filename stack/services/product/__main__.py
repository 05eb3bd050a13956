"""`python -m services.product`: the catalogue over HTTP, from a file, with nothing behind it."""

import json
from pathlib import Path
from typing import Any

from aiohttp import web

from services.common.web import application, serve

_CATALOGUE = Path(__file__).with_name("catalogue.json")


def make(products: list[dict[str, Any]]) -> web.Application:
    """The application that serves `products`."""
    everything = json.dumps({"products": products})
    by_id = {product["id"]: json.dumps(product) for product in products}

    async def catalogue(_request: web.Request) -> web.Response:
        return web.json_response(text=everything)

    async def one(request: web.Request) -> web.Response:
        product = by_id.get(request.match_info["id"])
        if product is None:
            raise web.HTTPNotFound(text="there is no such product")
        return web.json_response(text=product)

    app = application()
    app.router.add_get("/products", catalogue)
    app.router.add_get("/products/{id}", one)
    return app


def main() -> None:
    """Serve until told to end."""
    serve("product", lambda _settings: make(json.loads(_CATALOGUE.read_text(encoding="utf-8"))))


if __name__ == "__main__":
    main()
