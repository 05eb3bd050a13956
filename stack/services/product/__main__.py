"""`python -m services.product`: the catalogue over HTTP, from a file, with nothing behind it."""

import json
from pathlib import Path
from typing import Any

from services.common.wsgi import Answer, Application, serve

_CATALOGUE = Path(__file__).with_name("catalogue.json")


def make(products: list[dict[str, Any]]) -> Application:
    """The application that serves `products`."""
    everything = Answer(json.dumps({"products": products}).encode())
    by_id = {product["id"]: Answer(json.dumps(product).encode()) for product in products}
    unknown = Answer.refused(404, "there is no such product")
    return Application({"/products": lambda: everything, "/products/{id}": lambda name: by_id.get(name, unknown)})


def main() -> None:
    """Serve until told to end."""
    serve("product", lambda _settings: make(json.loads(_CATALOGUE.read_text(encoding="utf-8"))))


if __name__ == "__main__":
    main()
