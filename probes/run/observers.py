"""What looks on while the experiment goes on: the load, the canary, and what reads the services themselves."""

import logging
from collections.abc import Mapping
from functools import partial

import requests

from probes.run.about import RunAbout
from probes.run.answers import must_answer, why
from probes.run.breakers import BreakerWatch, read_breakers
from probes.run.calls import CallWatch, read_calls
from probes.run.load import Generator, canary_command, load_command, load_command_afar, load_environment
from probes.run.neighbours import NeighbourWatch
from probes.run.observation import Observation
from probes.run.orders import OrderCollector
from probes.run.recorder import Recorder
from probes.run.traces import Receiver

__all__ = ["Observers"]

logger = logging.getLogger("chaostoolkit")


class Observers:
    """All that the experiment's observation asks for, each started in order and stopped in its own step."""

    orders: OrderCollector | None = None

    def __init__(self, seen: Observation, recorder: Recorder, about: RunAbout) -> None:
        self._seen = seen
        self._recorder = recorder
        self._about = about
        self._samples = recorder.directory / "samples"
        self._generators: list[Generator] = []
        self._watches: list[BreakerWatch | CallWatch | NeighbourWatch] = []
        self._receiver: Receiver | None = None

    @property
    def readers(self) -> list[BreakerWatch | CallWatch]:
        """What reads the breakers, and what the services called."""
        return [watch for watch in self._watches if not isinstance(watch, NeighbourWatch)]

    def check(self) -> None:
        """Raise RecordingFailed as soon as the evidence cannot be complete any more."""
        self._recorder.check()
        for generator in self._generators:
            generator.check()

    def receive(self, receiver: Receiver) -> None:
        """Take the services' traces from here on. Raises StehaufError."""
        self._receiver = receiver
        receiver.listen(self.check)

    def start(self, environment: Mapping[str, str]) -> None:
        """Everything but the receiver of traces; `environment` is the load's. Raises StehaufError."""
        seen = self._seen
        for url in seen.breakers:
            must_answer("breakers", url, partial(read_breakers, url))
            self._watch(BreakerWatch(url, self._recorder.append))
        for number, url in enumerate(seen.calls, 1):
            must_answer("calls", url, partial(read_calls, url, 0))
            self._watch(CallWatch(url, self._samples, f"calls-{number}", self._recorder.problem))
        if seen.orders:
            orders = OrderCollector(seen.orders, self._recorder.directory, self._recorder.append)
            must_answer("orders", seen.orders, orders.collect)
            self.orders = orders  # not before it answered: the end would wait for a list that never was there
        if seen.canaries:
            self._watch(NeighbourWatch(self._recorder.append))
        self._start_load(environment)

    def stop_load(self) -> None:
        """The canary looks on until the users have gone."""
        self._about.load_ended()
        for generator in reversed(self._generators):
            if sentence := generator.stop():
                self._recorder.problem(f"the {generator.name}", sentence)
        self._generators.clear()

    def finish_orders(self) -> None:
        """Wait for the orders that are on their way, and close the list."""
        if self.orders is None:
            return
        try:
            self.orders.finish()
        except (requests.RequestException, ValueError) as error:
            self._recorder.problem("the list of fulfilled orders", why(error))

    def stop(self) -> None:
        """Nothing is read any more."""
        for watch in self._watches:
            watch.stop()

    def stop_receiving(self) -> None:
        """Take the last traces."""
        if self._receiver:
            self._receiver.finish()
            self._about.traces_missing(self._receiver.missing)

    def _watch(self, watch: BreakerWatch | CallWatch | NeighbourWatch) -> None:
        self._watches.append(watch)
        watch.start()

    def _start_load(self, environment: Mapping[str, str]) -> None:
        seen, starting = self._seen, []
        if seen.canaries:
            command = canary_command(seen.canaries, seen.rate, self._samples)
            prefixes = {f"canary-{canary.name}": 1 for canary in seen.canaries}
            starting.append((Generator("canary", command, self._recorder.directory), prefixes))
        if seen.load:
            folder = self._recorder.directory
            command = load_command(seen.load, folder)
            if seen.load.places:
                command = load_command_afar(
                    seen.load, folder, self._about.project, environment.get("STEHAUF_IMAGE_TAG") or "latest"
                )
            locust = Generator("load", command, folder, load_environment(environment))
            starting.append((locust, {"load": seen.load.workers}))
        for generator, _ in starting:
            logger.info("Load: starting the %s", generator.name)
            self._generators.append(generator)  # before it starts: a signal in between must not forget it
            generator.start()
        for generator, prefixes in starting:
            generator.wait_ready(prefixes, self.check)
        self._about.load_began()
        self._about.write(self._recorder)
