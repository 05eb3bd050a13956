"""The broker: stores orders, hands them on, and says where each one stands."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import nats
import stamina
from nats.aio.client import Client as Connection
from nats.aio.msg import Msg
from nats.errors import Error as NatsError
from nats.js import JetStreamContext, api
from nats.js.errors import APIError, NoStreamResponseError, NotFoundError
from prometheus_client import Gauge

from services.common import log, tracing
from services.common.settings import BrokerSettings
from services.common.streams import ACCEPTED, FULFILLED, QUEUED, consumer, make_streams, stream_of, subject

# one line a retry is noise under load: retries are counted
stamina.instrumentation.set_on_retry_hooks([stamina.instrumentation.PrometheusOnRetryHook])

__all__ = ["ACCEPTED", "FULFILLED", "QUEUED", "Broker", "NotConnected", "NotStored", "Unconfirmed"]

_CONNECTED = Gauge("broker_connected", "1 while a publish has a connection to go over, else 0")
_PAUSE_S = 0.1
_BATCH = 64


class NotStored(Exception):
    """The message is certainly not stored: the broker said so, or never got it."""


class NotConnected(NotStored):
    """There is no connection to the broker at the moment."""


class Unconfirmed(Exception):
    """The message was sent and not confirmed: it may be stored or not."""


class Broker:
    """One kept connection; survives the broker's absence at the start and later."""

    def __init__(self, settings: BrokerSettings, name: str) -> None:
        self._settings = settings
        self._name = name
        self._connection: Connection | None = None
        self._stream: JetStreamContext | None = None

    @property
    def connected(self) -> bool:
        """Whether a publish has a connection to go over."""
        return self._connection is not None and self._connection.is_connected and self._stream is not None

    async def keep_connected(self) -> None:
        """Connect, trying until the broker is there, and make the streams; never returns."""
        _CONNECTED.set_function(lambda: self.connected)
        self._connection = await self._connect()
        context = self._connection.jetstream(timeout=1.0)
        made_on = -1
        while True:
            epoch = self._connection.stats["reconnects"]
            if self._connection.is_connected and epoch != made_on:
                with contextlib.suppress(NatsError, OSError):
                    await make_streams(context, in_memory=self._settings.in_memory)
                    self._stream, made_on = context, epoch
                    log.event("broker-connected", url=self._settings.url)
            await asyncio.sleep(_PAUSE_S)

    async def close(self) -> None:
        """Close the connection, whatever state it is in."""
        if self._connection is not None:
            with contextlib.suppress(NatsError, OSError, TimeoutError):
                async with asyncio.timeout(0.5):
                    await self._connection.close()

    async def publish(self, state: str, order_id: str, payload: bytes) -> None:
        """Store a message; returns when the broker has it on its disk.

        Raises NotConnected at once where there is no connection, NotStored when it is certainly not stored,
        Unconfirmed when a try was sent and none was confirmed. Tries again with the same message id.
        """
        with tracing.span(f"store {state}", "producer", order__id=order_id):
            await self._publish(state, order_id, payload)

    async def _publish(self, state: str, order_id: str, payload: bytes) -> None:
        unconfirmed = False

        def again(error: Exception) -> bool:
            return isinstance(error, Unconfirmed | NotStored) and (unconfirmed or not isinstance(error, NotConnected))

        try:
            async for attempt in stamina.retry_context(
                on=again,
                attempts=self._settings.publish_attempts,
                timeout=self._settings.publish_budget_s,
                wait_initial=0.05,
                wait_max=0.1,
                wait_jitter=0.02,
            ):
                with attempt:
                    try:
                        await self._publish_once(state, order_id, payload)
                    except Unconfirmed:
                        unconfirmed = True
                        tracing.event("not confirmed in time", order=order_id)
                        raise
        except NotStored as error:
            if unconfirmed:
                raise Unconfirmed(f"an earlier try was sent and not confirmed; then: {error}") from error
            raise

    async def state_of(self, order_id: str) -> str | None:
        """How far an order has come: `queued`, `accepted`, `fulfilled`, or None for one that is unknown.

        Raises NotConnected, Unconfirmed when the broker does not say.
        """
        found = None
        # in this order: an order that moves on meanwhile is seen at its next place
        for state in (QUEUED, ACCEPTED, FULFILLED):
            if await self._holds(state, order_id):
                found = state
        return found

    async def consume(self, state: str, durable: str, handle: Callable[[list[Msg]], Awaitable[None]]) -> None:
        """Hand over the messages of a stream in batches, as they come; never returns.

        `handle` acknowledges what it has done; the rest comes again after two seconds, whatever becomes of us.
        """
        while True:
            try:
                async for batch in self._batches(state, durable):
                    await handle(batch)
            except NotConnected:
                pass  # said once when it was lost
            except (NatsError, NotStored, Unconfirmed, OSError) as error:
                log.event("consume-failed", stream=state, reason=str(error) or type(error).__name__)
            await asyncio.sleep(_PAUSE_S)

    async def _connect(self) -> Connection:
        async def quiet(_error: Exception) -> None:
            """Say nothing: every try of a reconnect would be a line."""

        async def lost() -> None:
            log.event("broker-disconnected", url=self._settings.url)

        while True:
            try:
                return await nats.connect(
                    self._settings.url,
                    name=self._name,
                    connect_timeout=1,
                    max_reconnect_attempts=-1,
                    reconnect_time_wait=0.05,
                    ping_interval=2,
                    max_outstanding_pings=2,
                    error_cb=quiet,
                    disconnected_cb=lost,
                )
            except (NatsError, OSError, TimeoutError):
                await asyncio.sleep(_PAUSE_S)

    async def _publish_once(self, state: str, order_id: str, payload: bytes) -> None:
        stream = self._connected_stream()
        try:
            await stream.publish(
                subject(state, order_id),
                payload,
                timeout=self._settings.publish_timeout_s,
                headers={api.Header.MSG_ID.value: order_id, **tracing.headers()},
            )
        except NoStreamResponseError as error:
            raise NotStored("the broker is up, but its streams are not yet") from error
        except APIError as error:
            raise NotStored(f"the broker refused to store it: {error.description}") from error
        except (NatsError, OSError, TimeoutError) as error:
            within = round(self._settings.publish_timeout_s * 1000)
            raise Unconfirmed(f"the broker did not confirm within {within} ms") from error

    async def _holds(self, state: str, order_id: str) -> bool:
        stream = self._connected_stream()
        try:
            async with asyncio.timeout(self._settings.publish_timeout_s):
                await stream.get_last_msg(stream_of(state), subject(state, order_id), direct=True)
        except NotFoundError:
            return False
        except (NatsError, OSError, TimeoutError) as error:
            raise Unconfirmed(f"the broker did not say: {error or type(error).__name__}") from error
        return True

    async def _batches(self, state: str, durable: str) -> AsyncIterator[list[Msg]]:
        stream = self._connected_stream()
        await stream.add_consumer(stream_of(state), consumer(durable))
        subscription = await stream.pull_subscribe_bind(durable=durable, stream=stream_of(state))
        epoch = self._epoch
        try:
            # after a reconnect the broker may have lost the consumer: bind anew
            while epoch == self._epoch:
                with contextlib.suppress(TimeoutError):
                    yield await subscription.fetch(_BATCH, timeout=1.0)
        finally:
            with contextlib.suppress(NatsError):
                await subscription.unsubscribe()

    @property
    def _epoch(self) -> Any:
        return self._connection.stats["reconnects"] if self._connection else None

    def _connected_stream(self) -> JetStreamContext:
        if not self.connected or self._stream is None:
            raise NotConnected("there is no connection to the broker")
        return self._stream
