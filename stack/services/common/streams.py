"""The streams that orders pass through.

Three of them, one message an order in each, its id as the message id: queued (waits for the order service),
accepted (waits for fulfilment) and fulfilled (kept a day, for whoever asks). A message leaves a stream only
after it is in the next one, so an order is always in at least one of them.
"""

from nats.js import JetStreamContext, api

__all__ = ["ACCEPTED", "FULFILLED", "QUEUED", "consumer", "make_streams", "stream_of", "subject"]

QUEUED, ACCEPTED, FULFILLED = "queued", "accepted", "fulfilled"
_DAY_S = 86_400
_DUPLICATES_S = 120
_ACK_WAIT_S = 2.0
_LARGEST = 256 * 1024 * 1024
_LARGEST_IN_MEMORY = 8 * 1024 * 1024


def stream_of(state: str) -> str:
    """The stream that holds the orders in a state."""
    return f"ORDERS_{state.upper()}"


def subject(state: str, order_id: str) -> str:
    """Where an order in a state is published; one subject an order, so that it can be looked up."""
    return f"orders.{state}.{order_id}"


def consumer(durable: str) -> api.ConsumerConfig:
    """A consumer that survives its service; what is not acknowledged comes again after two seconds."""
    return api.ConsumerConfig(
        durable_name=durable,
        ack_policy=api.AckPolicy.EXPLICIT,
        ack_wait=_ACK_WAIT_S,
        max_ack_pending=256,
    )


async def make_streams(context: JetStreamContext, *, in_memory: bool = False) -> None:
    """Make the streams; no-op where they are. Whichever service comes first does it."""
    for state in (QUEUED, ACCEPTED, FULFILLED):
        passing = state != FULFILLED
        await context.add_stream(
            api.StreamConfig(
                name=stream_of(state),
                subjects=[subject(state, "*")],
                storage=api.StorageType.MEMORY if in_memory else api.StorageType.FILE,
                retention=api.RetentionPolicy.WORK_QUEUE if passing else api.RetentionPolicy.LIMITS,
                # full: an order is refused rather than an older one lost
                discard=api.DiscardPolicy.NEW if passing else api.DiscardPolicy.OLD,
                max_age=0 if passing else _DAY_S,
                max_bytes=_LARGEST_IN_MEMORY if in_memory else _LARGEST,
                duplicate_window=_DUPLICATES_S,
                allow_direct=True,
            )
        )
