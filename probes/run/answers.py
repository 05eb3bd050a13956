"""Endpoints of the system under test that the evidence depends on: do they answer, and if not, why not in words."""

import socket
import time
from collections.abc import Callable, Mapping

import requests

from probes.causes import in_words
from probes.errors import RecordingFailed

__all__ = ["must_answer", "why"]

_WORDS: Mapping[type[BaseException], str] = {
    ConnectionRefusedError: "the connection was refused",
    socket.gaierror: "there is no such host",
    requests.Timeout: "it did not answer in time",
    TimeoutError: "it did not answer in time",
}


def why(error: BaseException) -> str:
    """The cause in a few words; requests buries it under several errors of its own."""
    return in_words(error, _WORDS)


def must_answer(argument: str, url: str, ask: Callable[[], object], within: float = 5.0) -> None:
    """Ask until it answers as agreed. Raises RecordingFailed: what is missing from the beginning is never proved."""
    deadline = time.monotonic() + within
    while True:
        try:
            ask()
        except (requests.RequestException, ValueError) as error:
            if time.monotonic() > deadline:
                raise RecordingFailed(
                    f"Asked {url}, which the argument {argument} of probes.control names, for {within:g} s: "
                    f"{why(error)}. Nothing was broken. Correct the URL, or see why the service does not answer"
                ) from error
            time.sleep(0.2)
        else:
            return
