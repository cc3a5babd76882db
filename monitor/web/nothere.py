"""What is answered at an address where nothing is: what that means, and where to go on."""

from http import HTTPStatus

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from monitor.locales import Language
from monitor.web.negotiation import language_of
from monitor.web.pages import environment, other_language
from monitor.web.texts import NOT_HERE, PAGE

_FOR_PROGRAMS = "/api/"


def not_here(request: Request, default: Language) -> Response:
    """Return a small page, or JSON below /api/, in the language of who asks."""
    language = language_of(request, default)
    headers = {"Cache-Control": "no-store", "Content-Language": language.value}
    if request.url.path.startswith(_FOR_PROGRAMS):
        detail = NOT_HERE[language]["detail"]
        return JSONResponse({"detail": detail}, HTTPStatus.NOT_FOUND, headers)
    return Response(_page(language), HTTPStatus.NOT_FOUND, headers, media_type="text/html")


def _page(language: Language) -> str:
    text, other = NOT_HERE[language], other_language(language)
    return (
        environment()
        .get_template("nothere.html")
        .render(
            language=language.value,
            other=other.value,
            # Of the address nothing is repeated: anybody may have written it.
            switch=f"?lang={other.value}",
            text={**text, "title": PAGE[language]["title"]},
            heading=text["title"],
            why=text["why"],
            list=f"/?lang={language.value}",
            sign_in="",
        )
    )
