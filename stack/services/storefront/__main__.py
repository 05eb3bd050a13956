"""`python -m services.storefront`: the web shop and the backend for it."""

from aiohttp import web

from services.common import log
from services.common.breaker import Breaker, Transition
from services.common.broker import Broker
from services.common.calls import CallLog
from services.common.http import Client
from services.common.lifecycle import alongside
from services.common.settings import Settings
from services.common.web import application, serve
from services.storefront.api import Api
from services.storefront.catalogue import Catalogue
from services.storefront.ordering import Ordering
from services.storefront.shop import add_page


def make(settings: Settings) -> web.Application:
    """The application, with its client, its breakers and its connection to the broker."""
    calls = CallLog({settings.product_url: "product", settings.order_url: "order"})
    client, broker = Client(calls), Broker(settings.broker, "storefront")
    product = Breaker("product", settings.breaker, changed=_log_transition)
    order = Breaker("order", settings.breaker, changed=_log_transition)
    catalogue = Catalogue(
        client,
        product,
        settings.product_url,
        timeout_s=settings.call_timeout_s,
        fallback=settings.fallback_enabled,
    )
    ordering = Ordering(
        client,
        order,
        broker,
        settings.order_url,
        timeout_s=settings.call_timeout_s,
        place_timeout_s=settings.order_call_timeout_s,
        fallback=settings.fallback_enabled,
    )
    app = application()
    add_page(app)
    _add_api(app, Api(catalogue, ordering, (product, order)))
    app.router.add_get("/calls", calls.show)
    app.on_startup.append(lambda _app: client.open())
    app.cleanup_ctx.append(alongside(broker.keep_connected, catalogue.keep_warm, ordering.keep_trying))
    app.on_cleanup.append(lambda _app: client.close())
    app.on_cleanup.append(lambda _app: broker.close())
    return app


def _add_api(app: web.Application, api: Api) -> None:
    app.router.add_get("/api/products", api.products)
    app.router.add_get("/api/products/{id}", api.product)
    app.router.add_post("/api/orders", api.place)
    app.router.add_get("/api/orders/{id}", api.order)
    app.router.add_get("/breakers", api.breakers)


def _log_transition(name: str, transition: Transition) -> None:
    log.event("breaker", breaker=name, **transition.as_json())


def main() -> None:
    """Serve until told to end."""
    serve("storefront", make)


if __name__ == "__main__":
    main()
