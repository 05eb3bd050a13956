"""Words: English in the code, other languages from catalogues. A sentence keeps what it was made of.

Judge and figures say English sentences (`say`) that remember their msgid and arguments; a page tells them
(`tell`) in the language that is spoken while it is made (`speaking`). So evidence and verdict know no language,
and every page can be made again in another one. Catalogues are `locale/LANG.po`, read as they are.
"""

import gettext
import io
import string
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path
from typing import Any

from babel import Locale, UnknownLocaleError
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.numbers import get_decimal_symbol, get_group_symbol

__all__ = [
    "N_",
    "Language",
    "Sentence",
    "UnknownLanguage",
    "joined",
    "known_languages",
    "language",
    "neutral",
    "recorded",
    "said",
    "say",
    "say_n",
    "speaking",
    "tell",
    "translated",
]

CATALOGUES = Path(__file__).parent / "locale"


class UnknownLanguage(ValueError):
    """There is no catalogue of that language."""


@dataclass(frozen=True)
class Language:
    """A language to tell sentences in."""

    code: str
    locale: Locale
    """How numbers and dates are written."""
    words: gettext.NullTranslations
    names: Mapping[str, str] = field(default_factory=dict)
    """What an experiment itself says in this language: its title, its claims. Everything else keeps its name."""

    def number(self, text: str) -> str:
        """A number as Python writes it (`1,234.5`), with this language's signs (`1.234,5`)."""
        signs: dict[str, str | int | None] = {",": get_group_symbol(self.locale), ".": get_decimal_symbol(self.locale)}
        return text.translate(str.maketrans(signs))


ENGLISH = Language("en", Locale("en"), gettext.NullTranslations())
_spoken: ContextVar[Language] = ContextVar("language", default=ENGLISH)


class Sentence(str):
    """An English sentence that can be told in another language; a plain string wherever one is wanted."""

    __slots__ = ("arguments", "msgid", "plural")
    msgid: str
    plural: str | None
    arguments: Mapping[str, Any]


def N_(msgid: str) -> str:  # noqa: N802 - gettext's name for what is extracted and translated elsewhere
    """Mark a msgid for extraction."""
    return msgid


def say(msgid: str, /, **arguments: Any) -> str:
    """The Sentence `msgid`, a format string whose fields are the arguments: values, or sentences themselves."""
    return _sentence(msgid, None, arguments)


def say_n(singular: str, plural: str, n: int, /, **arguments: Any) -> str:
    """As `say`, for a count: one form for 1, one for all else; `{n}` is the count."""
    return _sentence(singular, plural, {**arguments, "n": n})


def joined(parts: Iterable[str], separator: str = "; ") -> str:
    """Sentences one after another."""
    arguments = {f"p{number}": part for number, part in enumerate(parts)}
    return _sentence(separator.join(f"{{{name}}}" for name in arguments), None, arguments)


def said(error: BaseException) -> str:
    """What an exception says: its sentence, where it was raised with one."""
    first = error.args[0] if error.args else None
    return first if isinstance(first, Sentence) else str(error)


def tell(value: Any) -> Any:
    """A sentence, or a name that has a translation, in the language that is spoken; everything else as it is."""
    if isinstance(value, Sentence):
        return _told(value, _spoken.get())
    return _spoken.get().names.get(value, value) if isinstance(value, str) else value


def translated(msgid: str, /, **arguments: Any) -> str:
    """The sentence `msgid`, told at once: `_` of the templates."""
    return str(tell(say(msgid, **arguments)))


def recorded(text: Any) -> Any:
    """A sentence from the evidence, told in the language spoken where the catalogue knows it, else as recorded."""
    return _spoken.get().words.gettext(text) if isinstance(text, str) and text else text


def neutral(sentence: str) -> dict[str, Any]:
    """What a sentence was made of: msgid and arguments, for others to translate; empty for a plain string."""
    if not isinstance(sentence, Sentence):
        return {}
    arguments = {key: neutral(v) if isinstance(v, Sentence) else v for key, v in sentence.arguments.items()}
    return {"msgid": sentence.msgid, "arguments": arguments}


def language() -> Language:
    """The language that is spoken now."""
    return _spoken.get()


def known_languages() -> list[str]:
    """Codes of the languages that a page can be made in."""
    return ["en", *sorted(path.stem for path in CATALOGUES.glob("*.po"))]


@contextmanager
def speaking(spoken: str | Language, names: Mapping[str, str] | None = None) -> Iterator[Language]:
    """Speak a language, by its code or its own object, with names that have a word in it. Raises UnknownLanguage."""
    found = _language(spoken) if isinstance(spoken, str) else spoken
    token = _spoken.set(replace(found, names=names) if names else found)
    try:
        yield _spoken.get()
    finally:
        _spoken.reset(token)


@cache
def _language(code: str) -> Language:
    if code == "en":
        return ENGLISH
    if code not in known_languages():
        raise UnknownLanguage(f"There is no language {code!r}; known are {', '.join(known_languages())}")
    try:
        locale = Locale.parse(code, sep="-")
    except (ValueError, UnknownLocaleError) as error:
        raise UnknownLanguage(f"The catalogue {code}.po is named after no language: {error}") from None
    compiled = io.BytesIO()
    with (CATALOGUES / f"{code}.po").open("rb") as file:
        write_mo(compiled, read_po(file, locale=code))
    compiled.seek(0)
    return Language(code, locale, gettext.GNUTranslations(compiled))


def _sentence(msgid: str, plural: str | None, arguments: Mapping[str, Any]) -> Sentence:
    sentence = Sentence(_formatted(_chosen(msgid, plural, arguments, ENGLISH), arguments, ENGLISH))
    sentence.msgid, sentence.plural, sentence.arguments = msgid, plural, arguments
    return sentence


def _told(sentence: Sentence, spoken: Language) -> str:
    pattern = _chosen(sentence.msgid, sentence.plural, sentence.arguments, spoken)
    return _formatted(pattern, sentence.arguments, spoken)


def _chosen(msgid: str, plural: str | None, arguments: Mapping[str, Any], spoken: Language) -> str:
    if plural is not None:
        return spoken.words.ngettext(msgid, plural, int(arguments["n"]))
    return spoken.words.gettext(msgid) if msgid else ""


def _formatted(pattern: str, arguments: Mapping[str, Any], spoken: Language) -> str:
    return _Formatter(spoken).vformat(pattern, (), arguments)


class _Formatter(string.Formatter):
    """Fields in a language: sentences are told, numbers written in its signs."""

    def __init__(self, spoken: Language) -> None:
        self._spoken = spoken

    def format_field(self, value: Any, format_spec: str) -> str:
        if isinstance(value, Sentence):
            value = _told(value, self._spoken)
        elif isinstance(value, str):
            value = self._spoken.names.get(value, value)
        text = format(value, format_spec)
        is_number = isinstance(value, int | float) and not isinstance(value, bool)
        return self._spoken.number(text) if is_number and format_spec else text
