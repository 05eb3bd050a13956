"""`python -m reports.live RUN_DIR [--port N] [--lang de] [--branding FILE]`: show a run while it goes on.

The first line on standard output is the URL. SIGTERM says that the run is over: viewers get the report, and the
process ends. It never writes into the run's directory.
"""

import argparse
import contextlib
import os
import select
import signal
import sys
import threading
from pathlib import Path

from reports.live.hub import Hub
from reports.live.server import serve_on
from reports.live.view import View, Viewer
from reports.render import look
from reports.render.branding import Branding, read_branding
from reports.words import speaking

_EVERY_S = 0.5
_FAREWELL_S = 3.0
_ENDINGS = (signal.SIGTERM, signal.SIGINT)


def main(arguments: list[str]) -> None:
    """Parse the command line and serve until the run is over."""
    parser = argparse.ArgumentParser(prog="python -m reports.live", description="Shows a run while it goes on.")
    parser.add_argument("directory", type=Path)
    parser.add_argument("--port", type=int, default=0, help="on 127.0.0.1; another one is taken where it is not free")
    parser.add_argument("--die-with-parent", type=int, metavar="PID", help="end when this process ends")
    parser.add_argument("--lang", default="en", help="of the page")
    parser.add_argument("--branding", type=Path, help="YAML file with the name, logo and colour of the page")
    options = parser.parse_args(arguments)
    ending = _told_by_signals()
    if options.die_with_parent:
        threading.Thread(target=_die_with, args=(options.die_with_parent,), daemon=True).start()
    with contextlib.suppress(OSError):
        os.nice(10)  # the run comes first
    with speaking(options.lang):
        branding = read_branding(options.branding) if options.branding else Branding()
        page = look.page("live-page.html.j2", branding, live=True)
    hub, viewer = Hub(), Viewer(options.directory, options.lang, branding)
    server = serve_on(options.port, hub, page)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    sys.stdout.write(f"http://127.0.0.1:{server.server_address[1]}/\n")
    sys.stdout.flush()
    while not select.select([ending], [], [], _EVERY_S)[0]:
        if hub.wanted.is_set() and (view := _looked(viewer)):
            hub.publish(view)
    hub.publish(viewer.over())
    hub.wait_empty(_FAREWELL_S)
    server.shutdown()
    server.server_close()


def _told_by_signals() -> int:
    """A descriptor that can be read once a signal says that the run is over.

    Whichever thread the kernel gives it to. Blocked and waited for, it would end the process where a library's own
    threads, begun by an import, do not block it (numpy's): always when this thread is busy with a look. And a handler
    that did anything could strike while a lock is held that it needs.
    """
    ending, written = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
    signal.set_wakeup_fd(written, warn_on_full_buffer=False)
    for number in _ENDINGS:
        signal.signal(number, lambda *_: None)
    return ending


def _looked(viewer: Viewer) -> View | None:
    """The view; None where the evidence is in the middle of being written, and the next look will do."""
    try:
        return viewer.look()
    except Exception as error:  # noqa: BLE001 - whatever it is, the view must go on
        sys.stderr.write(f"live: {type(error).__name__}: {error}\n")
        return None


def _die_with(parent: int) -> None:
    try:
        descriptor = os.pidfd_open(parent)
    except ProcessLookupError:
        os._exit(0)
    if os.getppid() == parent:
        select.select([descriptor], [], [])
    os._exit(0)


if __name__ == "__main__":
    main(sys.argv[1:])
