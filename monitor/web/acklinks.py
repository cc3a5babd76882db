"""Links in messages: whoever has one says there that they take care, or leaves a note.

The link is the credential, so it works on every listener, and for one incident alone. Scanners of
mail and chats follow every link: reading a page changes nothing, only sending its form does.
"""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from urllib.parse import parse_qsl

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from monitor.domain.acklink import read_token
from monitor.domain.note import Via
from monitor.domain.text import visible_text
from monitor.locales import Language
from monitor.ports import StoreError
from monitor.web.ackpage import AckPage, Behind, Form
from monitor.web.bodies import read_body
from monitor.web.context import LONGEST_COMMENT, LONGEST_NAME, Said, TooManyNotes, WebContext
from monitor.web.guard import policy
from monitor.web.negotiation import language_of

ACK = "/ack/{incident}/{token}"

_LARGEST_FORM = 16_384
_MOST_FIELDS = 10

# Each acknowledgement is told to everybody: whoever found a link must not flood them.
_MOST_BY_LINK = 100

_ACKNOWLEDGE, _COMMENT = "acknowledge", "comment"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Refusal:
    """Why a link leads nowhere: a name of texts, and the status of the answer."""

    why: str
    status: HTTPStatus


def ack_routes(context: WebContext) -> list[Route]:
    """Return the page behind the links in messages."""
    pages = AckPages(context)
    return [Route(ACK, pages.answer, methods=["GET", "POST"])]


class AckPages:
    """Answers those who follow a link."""

    def __init__(self, context: WebContext) -> None:
        self._context = context
        self._page = AckPage(context.zone)
        # Of forms that come together each sees what was said before it.
        self._turn = asyncio.Lock()

    async def answer(self, request: Request) -> Response:
        """Show the page; or do what its form asks for, and lead back to the page."""
        language = language_of(request, self._context.language)
        behind = await self._opened(request)
        if isinstance(behind, _Refusal):
            return _html(self._page.refusal(behind.why, language), behind.status, language)
        if request.method != "POST":
            return self._shown(behind, language)
        fields = await _fields(request)
        if fields is None:
            return self._shown(behind, language, error="no_name")
        async with self._turn:
            behind = await self._opened(request)
            if isinstance(behind, _Refusal):
                return _html(self._page.refusal(behind.why, language), behind.status, language)
            refusal = await self._done(behind, fields)
        if refusal:
            return self._shown(behind, language, fields, error=refusal)
        query = f"?lang={language}" if "lang" in request.query_params else ""
        # Relative, since a proxy may have put a path before ours; the token is base32.
        return RedirectResponse(f"{request.path_params['token']}{query}", HTTPStatus.SEE_OTHER)

    async def _opened(self, request: Request) -> Behind | _Refusal:
        incident, token = request.path_params["incident"], request.path_params["token"]
        key, archive = self._context.link_key, self._context.archive
        link = None if key is None else read_token(key, incident, token)
        if link is None or archive is None:
            return _Refusal(why="refused", status=HTTPStatus.FORBIDDEN)
        if link.until <= self._context.now():
            return _Refusal(why="expired", status=HTTPStatus.GONE)
        try:
            story = await archive.story(incident)
        except StoreError:
            return _Refusal(why="broken", status=HTTPStatus.SERVICE_UNAVAILABLE)
        if story is None:
            return _Refusal(why="gone", status=HTTPStatus.GONE)
        services = {each.id: each for each in self._context.board.services()}
        service = services.get(story.incident.service)
        return Behind(link=link, story=story, service=service, now=self._context.now())

    async def _done(self, behind: Behind, fields: Mapping[str, str]) -> str:
        """Do what the form asks for; return the name of the text that says why not, or ""."""
        by, comment = fields.get("by", "").strip(), fields.get("comment", "").strip()
        if not by:
            return "no_name"
        incident, notes = behind.story.incident, behind.story.notes
        said = Said(by=by, text=comment, via=Via.LINK, receiver=behind.link.receiver)
        if sum(note.via is Via.LINK for note in notes) >= _MOST_BY_LINK:
            return "enough"
        if fields.get("act") == _ACKNOWLEDGE:
            if _is_known(behind, said):
                return ""
            found = await self._context.acts.acknowledger.acknowledge(incident.id, said)
            return "" if found else "no_longer"
        if not comment:
            return "no_comment"
        try:
            await self._context.acts.commenter.comment(incident.id, said)
        except TooManyNotes:
            return "enough"
        return ""

    def _shown(
        self,
        behind: Behind,
        language: Language,
        fields: Mapping[str, str] | None = None,
        *,
        error: str = "",
    ) -> Response:
        written = fields or {}
        form = Form(by=written.get("by", ""), comment=written.get("comment", ""), error=error)
        page = self._page.html(behind, language, form)
        status = _STATUSES.get(error, HTTPStatus.BAD_REQUEST if error else HTTPStatus.OK)
        return _html(page, status, language)


_STATUSES = {"no_longer": HTTPStatus.CONFLICT, "enough": HTTPStatus.TOO_MANY_REQUESTS}


def _is_known(behind: Behind, said: Said) -> bool:
    """Say whether the same was said before: a form that is sent twice tells nobody twice."""
    known = behind.story.incident.acknowledged
    by, text = visible_text(said.by, LONGEST_NAME), visible_text(said.text, LONGEST_COMMENT)
    return known is not None and (known.by, known.comment) == (by, text)


async def _fields(request: Request) -> Mapping[str, str] | None:
    """Return the fields of a form as browsers send it, None for anything else."""
    body = await read_body(request, _LARGEST_FORM)
    try:
        text = (body or b"").decode("ascii")
        return dict(
            parse_qsl(text, keep_blank_values=True, errors="replace", max_num_fields=_MOST_FIELDS)
        )
    except ValueError:
        return None


def _html(page: str, status: HTTPStatus, language: Language) -> Response:
    headers = {
        "Cache-Control": "no-store",
        "Content-Language": language.value,
        "Content-Security-Policy": policy(form_action="'self'"),
        "X-Robots-Tag": "noindex, nofollow",
    }
    return Response(page, status, headers, media_type="text/html")
