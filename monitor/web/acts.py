"""What people have taken down over HTTP. For the API, and for commands with or without a daemon."""

from starlette.routing import Route

from monitor.domain.note import Via
from monitor.web.context import Acts
from monitor.web.corrections import correction_routes
from monitor.web.deadletters import dead_letter_routes
from monitor.web.filedreports import filed_report_routes
from monitor.web.keyrotation import key_rotation_routes
from monitor.web.maintenance import maintenance_routes
from monitor.web.notes import note_routes
from monitor.web.silences import silence_routes


def act_routes(acts: Acts, via: Via) -> list[Route]:
    """Return the routes; `via` is noted with what is said."""
    return [
        *note_routes(acts, via),
        *silence_routes(acts),
        *maintenance_routes(acts, via),
        *correction_routes(acts),
        *dead_letter_routes(acts.dead_letters),
        *(_for_commands(acts) if via is Via.COMMAND else ()),
    ]


def _for_commands(acts: Acts) -> list[Route]:
    return [*key_rotation_routes(acts.key_rotation), *filed_report_routes(acts.filer)]
