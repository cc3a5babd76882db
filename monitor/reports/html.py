"""A report as one page of HTML, with everything in it: to read, to print, to send."""

from functools import cache
from importlib.resources import files
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined, Template
from markupsafe import Markup

from monitor.domain.text import visible_text
from monitor.locales import Language
from monitor.reports.document import Block, Document, Picture

_LONGEST = 1 << 20
_CONTENTS = {Language.ID: "Isi", Language.EN: "Contents"}


def html(document: Document) -> str:
    """Return `document` as a page that asks for nothing else: no script, no font, no picture."""
    return _template().render(report=document, contents=_CONTENTS[document.language])


@cache
def _template() -> Template:
    environment = Environment(
        loader=PackageLoader("monitor.reports"),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=_shown,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    style = files("monitor.reports").joinpath("templates", "report.css").read_text("utf-8")
    own: dict[str, Any] = {"style": Markup(style), "drawn": _drawn, "kind_of": _kind}  # noqa: S704
    return environment.get_template("report.html", globals=own)


def _shown(value: Any) -> Any:
    """Return text without what turns its direction or steers a reader; markup as it is."""
    return visible_text(value, _LONGEST) if type(value) is str else value


def _drawn(picture: Picture) -> Markup:
    """Return a drawing of `charts` as it is: it holds no text that anybody else wrote."""
    return Markup(picture.svg.replace("<svg ", '<svg aria-hidden="true" ', 1))  # noqa: S704


def _kind(block: Block) -> str:
    return type(block).__name__.lower()
