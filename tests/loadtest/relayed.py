"""A load that is handed over: it writes evidence as Locust's would, until it is told to end."""

import json
import os
import signal
import sys
import time
from pathlib import Path

from reports.evidence.samples import Sample, SampleWriter

parent = os.getppid()
folder, kind = Path(sys.argv[1]), sys.argv[2]
asked: list[int] = []
signal.signal(signal.SIGINT, lambda number, _: asked.append(number))
writer = SampleWriter(folder, "load", {"kind": "load", "host": "http://storefront:8080"})
orders = (folder / f"orders-{os.getpid()}.jsonl").open("a", buffering=1)
pulses = (folder / f"load-{os.getpid()}.pulse.jsonl").open("a", buffering=1)
number = 0
while os.getppid() == parent and (not asked or kind == "deaf"):  # as Locust, it dies with what started it
    number += 1
    writer.write(Sample(time.time_ns(), 0.001, 200, name=f"task {number % 3}"))
    orders.write(json.dumps({"id": f"order-{number}", "at_ns": time.time_ns(), "outcome": "acknowledged"}) + "\n")
    pulses.write(json.dumps({"at_ns": time.time_ns(), "cpu": 0.1, "late_s": 0.0, "outstanding": 0}) + "\n")
    if kind == "failing" and number == 20:
        sys.exit(3)
    time.sleep(0.005)
print("told to end")
writer.close()
