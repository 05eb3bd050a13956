"""Why something did not answer, in a few words."""

from collections.abc import Mapping

__all__ = ["in_words"]


def in_words(error: BaseException, words: Mapping[type[BaseException], str]) -> str:
    """The first cause that there are words for; HTTP libraries bury it under several errors of their own."""
    cause: BaseException | None = error
    while cause is not None:
        for kind, told in words.items():
            if isinstance(cause, kind):
                return told
        cause = cause.__cause__ or cause.__context__
    return str(error).rstrip(".")
