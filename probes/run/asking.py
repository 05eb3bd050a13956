"""Ask a URL once, as a user does: with its redirections, and to the end of the answer."""

import time
from urllib.parse import urljoin, urlsplit

import requests

__all__ = ["bad_answer"]

_GOOD = range(200, 400)
_HOPS = 5
_MOST_BYTES = 1 << 20
"""What is longer has shown enough."""


def bad_answer(url: str, timeout_s: float) -> str:
    """What is wrong with the answer, in a few words; empty: nothing is.

    Redirections are followed on the same host and port; one that leads elsewhere is itself the answer.
    """
    deadline = time.monotonic() + timeout_s
    with requests.Session() as session:
        session.trust_env = False
        try:
            for _ in range(_HOPS):
                said, following = _once(session, url, deadline)
                if said or not following:
                    return said
                url = following
        except requests.Timeout:
            return f"no answer within {timeout_s:g} s"
        except requests.RequestException as error:
            return f"no answer ({type(error).__name__})"
    return f"more than {_HOPS} redirections"


def _once(session: requests.Session, url: str, deadline: float) -> tuple[str, str]:
    """What is wrong, and where it leads to."""
    left_s = max(deadline - time.monotonic(), 0.001)
    with session.get(url, timeout=left_s, allow_redirects=False, stream=True) as answer:
        size = 0
        for part in answer.iter_content(1 << 16):
            size += len(part)
            if time.monotonic() > deadline:
                raise requests.Timeout
            if size > _MOST_BYTES:
                break
        if answer.status_code not in _GOOD:
            return f"status {answer.status_code}", ""
        to = urljoin(url, answer.headers["Location"]) if answer.is_redirect else ""
        return "", to if urlsplit(to).netloc == urlsplit(url).netloc else ""
