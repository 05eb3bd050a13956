"""Delays packets in user space: takes them from a netfilter queue and lets each go when its time has come.

`python3 -c SOURCE QUEUE DELAY_MS JITTER_MS SECONDS`, in a helper container; standard library only. At its end, on
SIGTERM too, it lets go what it holds: those packets would be lost else, and a request of that moment would wait a
second for them to be sent again. Then the queue is without a reader and packets pass (`--queue-bypass`): it fails
open. The wire format is that of linux/netfilter/nfnetlink_queue.h.
"""

import heapq
import random
import select
import signal
import socket
import struct
import sys
import time

NETLINK_NETFILTER = 12
PACKET, VERDICT, CONFIG = 0x300, 0x301, 0x302
BIND = 1
COPY_META = 1
ACCEPT = 1
REQUEST = 1
LOOK_S = 0.02
"""Longest wait before it is looked whether the end has come."""
LEFT_S = 0.5
"""Longest time that is spent on what still comes."""


def attribute(kind: int, value: bytes) -> bytes:
    """A netlink attribute, padded."""
    return struct.pack("=HH", len(value) + 4, kind) + value + b"\0" * (-len(value) % 4)


def message(kind: int, queue: int, body: bytes) -> bytes:
    """A netfilter netlink message."""
    payload = struct.pack("=BB", socket.AF_UNSPEC, 0) + struct.pack(">H", queue) + body
    return struct.pack("=IHHII", 16 + len(payload), kind, REQUEST, 0, 0) + payload


def packet_ids(data: bytes) -> list[int]:
    """The ids of the packets in what the kernel sent."""
    found = []
    while len(data) >= 16:  # noqa: PLR2004 - a netlink header
        length, kind = struct.unpack_from("=IH", data)
        if kind == PACKET:
            # After 16 bytes of netlink and 4 of netfilter: the packet's header comes first, and begins with its id.
            found.append(struct.unpack_from(">I", data, 24)[0])
        data = data[(length + 3) // 4 * 4 or len(data) :]
    return found


def accepted(queue: int, identity: int) -> bytes:
    """The verdict on a packet: it goes on."""
    return message(VERDICT, queue, attribute(2, struct.pack(">II", ACCEPT, identity)))


def main(queue: int, delay_ms: float, jitter_ms: float, seconds: float) -> None:
    """Delay until the time is over, then let go what is held."""
    link = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, NETLINK_NETFILTER)
    link.bind((0, 0))
    link.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 8 * 2**20)
    link.setsockopt(270, 5, 1)  # SOL_NETLINK, NETLINK_NO_ENOBUFS: a burst is dropped, not an error
    link.send(message(CONFIG, queue, attribute(1, struct.pack(">BBH", BIND, 0, socket.AF_INET))))
    link.send(message(CONFIG, queue, attribute(2, struct.pack(">IB", 0, COPY_META))))
    link.send(message(CONFIG, queue, attribute(3, struct.pack(">I", 65536))))
    print("listening", flush=True)
    held: list[tuple[float, int]] = []
    told: list[int] = []
    signal.signal(signal.SIGTERM, lambda number, _: told.append(number))
    end = time.monotonic() + seconds
    while (now := time.monotonic()) < end and not told:
        while held and held[0][0] <= now:
            link.send(accepted(queue, heapq.heappop(held)[1]))
        wait = min(held[0][0] if held else end, end, now + LOOK_S) - time.monotonic()
        if select.select([link], [], [], max(0.0, wait))[0]:
            due = time.monotonic() + delay_ms / 1e3
            for identity in packet_ids(link.recv(2**20)):
                heapq.heappush(held, (due + random.uniform(-jitter_ms, jitter_ms) / 1e3, identity))  # noqa: S311
    for _, identity in sorted(held):
        link.send(accepted(queue, identity))
    end = time.monotonic() + LEFT_S
    while time.monotonic() < end and select.select([link], [], [], 0)[0]:
        for identity in packet_ids(link.recv(2**20)):
            link.send(accepted(queue, identity))


if __name__ == "__main__":
    main(int(sys.argv[1]), *map(float, sys.argv[2:5]))
