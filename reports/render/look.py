"""What a page looks like whoever fills it: style, script, and the policy that lets it load nothing else."""

import base64
import contextlib
import hashlib
from functools import cache
from pathlib import Path
from typing import Any

import jinja2
import platformdirs
from jinja2 import ChainableUndefined, Environment, FileSystemBytecodeCache, FileSystemLoader
from jinja2.bccache import Bucket
from markupsafe import Markup

from reports.render.branding import Branding
from reports.render.formats import FILTERS
from reports.words import language, tell, translated

__all__ = ["fragment", "page", "stylesheet"]

TEMPLATES = Path(__file__).parent.parent / "templates"


def page(template: str, branding: Branding, *, live: bool = False, **values: Any) -> str:
    """A page from a template in the language that is spoken. Everything given is escaped.

    `live`: it follows a run, so it may ask for what comes from where it came itself.
    """
    css, script = _asset("report.css"), _asset("report.js")
    if live:
        css, script = css + _asset("live.css"), script + _asset("live.js")
    if branding.accent:
        css += f":root {{ --accent: {branding.accent}; }}\n"
    policy = f"default-src 'none'; style-src '{_digest(css)}'; script-src '{_digest(script)}'"
    policy += "; img-src data:" if branding.logo else ""
    policy += "; connect-src 'self'" if live else ""
    return _environment().get_template(template).render(
        css=Markup(css),  # noqa: S704 - our own file, and a colour of six digits
        script=Markup(script),  # noqa: S704 - our own file
        csp=f"{policy}; base-uri 'none'; form-action 'none'",
        brand=branding,
        lang=language().code,
        **values,
    )  # fmt: skip


def stylesheet() -> Markup:
    """The style of every page and picture."""
    return Markup(_asset("report.css"))  # noqa: S704 - our own file


def fragment(template: str, **values: Any) -> str:
    """A piece of a page, by the same rules."""
    return _environment().get_template(template).render(**values)


def _asset(name: str) -> str:
    return (TEMPLATES / name).read_text(encoding="utf-8")


def _digest(text: str) -> str:
    return f"sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}"


class _Compiled(FileSystemBytecodeCache):
    """Compiled templates: to compile them takes longer than to fill them, and every run ends with it."""

    def dump_bytecode(self, bucket: Bucket) -> None:
        """Keep it where there is room; a page is made all the same."""
        with contextlib.suppress(OSError):
            super().dump_bytecode(bucket)


def _compiled() -> _Compiled | None:
    # Jinja knows a template by its text alone: what compiles it is in the folder's name
    maker = hashlib.sha256(jinja2.__version__.encode() + Path(__file__).read_bytes()).hexdigest()[:16]
    folder = platformdirs.user_cache_path("stehauf") / "templates" / maker
    try:
        folder.mkdir(parents=True, mode=0o700, exist_ok=True)
    except OSError:
        return None
    return _Compiled(str(folder))


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        bytecode_cache=_compiled(),
        autoescape=True,
        undefined=ChainableUndefined,  # evidence that lacks a value still makes a report
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=tell,
    )
    environment.filters.update(FILTERS)
    environment.globals["_"] = translated
    return environment
