"""The one door through which configuration enters: environment variables, read here and nowhere else.

Named tuples, since what product imports is part of its recovery: dataclasses need 15 ms more, for `inspect`.
"""

from collections.abc import Mapping
from typing import NamedTuple

__all__ = ["BreakerSettings", "BrokerSettings", "Defects", "InvalidSetting", "Listen", "Settings", "read"]

_TRUE = {"true", "1", "yes", "on"}
_FALSE = {"false", "0", "no", "off"}


class InvalidSetting(Exception):
    """An environment variable holds something else than it should; the message names both."""


class Listen(NamedTuple):
    """Where a service listens."""

    host: str = "0.0.0.0"  # noqa: S104 - inside a container; what is published is the Compose file's to say
    port: int = 8080


class BreakerSettings(NamedTuple):
    """When a circuit breaker opens, and when it tries again."""

    enabled: bool = True
    failures: int = 3
    """Consecutive failures that open it."""
    reset_s: float = 1.0
    """Seconds from opening to the trial call."""


class BrokerSettings(NamedTuple):
    """The broker, and how long a publish may take."""

    host: str = "broker"
    port: int = 4222
    publish_timeout_s: float = 0.25
    """Seconds that one publish waits for its acknowledgement."""
    publish_attempts: int = 3
    """Tries of one publish, all with the same message id."""
    publish_budget_s: float = 0.7
    """Seconds after which no further try begins."""
    in_memory: bool = False
    """A defect, for proof only: the streams are kept in memory, and a broker that dies loses them."""

    @property
    def url(self) -> str:
        """The address a client connects to."""
        return f"nats://{self.host}:{self.port}"


class Defects(NamedTuple):
    """What a careless shop would do: built in for proof only, to see that the claims about orders notice it."""

    early_acknowledgement: bool = False
    """The order service says yes first and stores half a second later."""
    no_idempotency: bool = False
    """Fulfilment fulfils an order as often as it comes."""


class Settings(NamedTuple):
    """Everything that a service can be told."""

    listen: Listen = Listen()
    breaker: BreakerSettings = BreakerSettings()
    broker: BrokerSettings = BrokerSettings()
    fallback_enabled: bool = True
    call_timeout_s: float = 0.3
    """Seconds that any call to another service may take."""
    order_call_timeout_s: float = 1.0
    """Seconds that placing an order may take: it has to reach the broker's disk."""
    product_url: str = "http://product:8081"
    order_url: str = "http://order:8082"
    trace_endpoints: tuple[str, ...] = ()
    """Collectors of traces, OTLP over HTTP; none: no traces are made."""
    traces_per_second: int = 25
    """Requests a second that a service begins a trace for."""
    fulfilment_takes_s: float = 0.6
    """Seconds that fulfilling an order takes: half of them it rests with the broker, half it is worked on."""
    defects: Defects = Defects()
    data: str = "/data"
    """Directory for what must outlive the process."""


def read(environ: Mapping[str, str]) -> Settings:
    """The settings in `environ`; what is absent or empty has its default. Raises InvalidSetting."""
    env = _Reader(environ)
    default = Settings()
    return Settings(
        listen=Listen(env.text("LISTEN_HOST", default.listen.host), env.port("PORT", default.listen.port)),
        breaker=BreakerSettings(
            env.flag("BREAKER_ENABLED", default.breaker.enabled),
            env.whole("BREAKER_FAILURES", default.breaker.failures),
            env.seconds("BREAKER_RESET_S", default.breaker.reset_s),
        ),
        broker=BrokerSettings(
            env.text("BROKER_HOST", default.broker.host),
            env.port("BROKER_PORT", default.broker.port),
            env.seconds("PUBLISH_TIMEOUT_S", default.broker.publish_timeout_s),
            env.whole("PUBLISH_ATTEMPTS", default.broker.publish_attempts),
            env.seconds("PUBLISH_BUDGET_S", default.broker.publish_budget_s),
            env.flag("DEFECT_STREAMS_IN_MEMORY", default.broker.in_memory),
        ),
        fallback_enabled=env.flag("FALLBACK_ENABLED", default.fallback_enabled),
        call_timeout_s=env.seconds("CALL_TIMEOUT_S", default.call_timeout_s),
        order_call_timeout_s=env.seconds("ORDER_CALL_TIMEOUT_S", default.order_call_timeout_s),
        product_url=env.url("PRODUCT", 8081),
        order_url=env.url("ORDER", 8082),
        trace_endpoints=env.urls("OTEL_EXPORTER_OTLP_ENDPOINT"),
        traces_per_second=env.whole("TRACES_PER_SECOND", default.traces_per_second),
        fulfilment_takes_s=env.seconds("FULFILMENT_TAKES_S", default.fulfilment_takes_s),
        defects=Defects(
            env.flag("DEFECT_EARLY_ACKNOWLEDGEMENT", default.defects.early_acknowledgement),
            env.flag("DEFECT_NO_IDEMPOTENCY", default.defects.no_idempotency),
        ),
        data=env.text("DATA_DIR", default.data),
    )


class _Reader:
    """Typed look-ups that say which variable was wrong."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        self._environ = environ

    def text(self, name: str, default: str) -> str:
        return self._environ.get(name, "").strip() or default

    def flag(self, name: str, default: bool) -> bool:
        text = self.text(name, str(default)).lower()
        if text not in _TRUE | _FALSE:
            raise InvalidSetting(f"{name}={text}: expected true or false")
        return text in _TRUE

    def whole(self, name: str, default: int) -> int:
        text = self.text(name, str(default))
        if not text.isascii() or not text.isdigit() or int(text) < 1:
            raise InvalidSetting(f"{name}={text}: expected a whole number of at least 1")
        return int(text)

    def port(self, name: str, default: int) -> int:
        number = self.whole(name, default)
        if number > 65535:  # noqa: PLR2004 - the last port
            raise InvalidSetting(f"{name}={number}: expected a port, 1 to 65535")
        return number

    def seconds(self, name: str, default: float) -> float:
        text = self.text(name, str(default))
        try:
            number = float(text)
        except ValueError:
            number = 0.0
        if not 0 < number <= 3600:  # noqa: PLR2004 - longer than an hour is a slip, and nan fails here too
            raise InvalidSetting(f"{name}={text}: expected seconds, above 0 and at most 3600")
        return number

    def urls(self, name: str) -> tuple[str, ...]:
        found = tuple(url for part in self.text(name, "").split(",") if (url := part.strip()))
        for url in found:
            if not url.startswith(("http://", "https://")):
                raise InvalidSetting(f"{name}={url}: expected http://HOST:PORT, or several with commas between")
        return found

    def url(self, name: str, port: int) -> str:
        return f"http://{self.text(f'{name}_HOST', name.lower())}:{self.port(f'{name}_PORT', port)}"
