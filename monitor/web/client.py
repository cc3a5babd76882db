"""How a command talks to the running daemon: plain HTTP over its control socket."""

import http.client
import json
import socket
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode

from monitor.web.context import AckResult, ReloadResult, SendResult
from monitor.web.controlsocket import NAME, connected

# A reload reads the whole configuration; a test waits for a receiver somewhere.
_TIMEOUT_SECONDS = 60.0


class ControlError(Exception):
    """The daemon could not be asked, or did not answer as agreed."""


class NoDaemon(ControlError):
    """Nobody listens: no daemon runs on this data directory."""


Exchange = Callable[[str, str, bytes | None], tuple[int, bytes]]
"""Takes a method, a path and a body; returns the status and the body of the answer."""


class ControlClient:
    """Asks the daemon that holds `data_dir`. Every call may raise NoDaemon or ControlError.

    `exchange` is the way to who answers, by default the control socket.
    """

    def __init__(
        self, data_dir: Path, timeout: float = _TIMEOUT_SECONDS, exchange: Exchange | None = None
    ) -> None:
        self._exchange = exchange or partial(over_socket, data_dir, timeout=timeout)

    def reload(self) -> ReloadResult:
        """Have the configuration read again; return the problems that prevented it."""
        answer = self._ask("POST", "/api/v1/reload")
        return ReloadResult(ok=answer["ok"], problems=tuple(answer["problems"]))

    def test_receiver(self, receiver: str) -> SendResult:
        """Have a test notification sent to `receiver`."""
        answer = self._ask("POST", f"/api/v1/receivers/{quote(receiver, safe='')}/test")
        return SendResult(ok=answer["ok"], detail=answer["detail"])

    def acknowledge(self, incident: str, by: str, comment: str) -> AckResult:
        """Say that somebody takes care of an incident, named by its id or its service."""
        path = f"/api/v1/incidents/{quote(incident, safe='')}/ack"
        answer = self._ask("POST", path, {"by": by, "comment": comment})
        return AckResult(incidents=answer["incidents"], detail=answer["detail"])

    def comment(self, incident: str, by: str, comment: str) -> AckResult:
        """Have kept what somebody says of an incident, named by its id or its service."""
        path = f"/api/v1/incidents/{quote(incident, safe='')}/comments"
        answer = self._ask("POST", path, {"by": by, "comment": comment})
        return AckResult(incidents=answer["incidents"], detail=answer["detail"])

    def silences(self) -> dict[str, Any]:
        """Return the silences in force."""
        return self._ask("GET", "/api/v1/silences")

    def add_silence(
        self, match: Mapping[str, Any], seconds: int, by: str, comment: str
    ) -> dict[str, Any]:
        """Have nobody told of what `match` names for so long."""
        wish = {"match": match, "seconds": seconds, "by": by, "comment": comment}
        return self._ask("POST", "/api/v1/silences", wish)

    def lift_silence(self, silence_id: str, by: str) -> dict[str, Any]:
        """End a silence before its time."""
        return self._ask("POST", f"/api/v1/silences/{quote(silence_id, safe='')}/lift", {"by": by})

    def maintenance(
        self,
        *,
        everything: bool = False,
        start: datetime | None = None,
        end: datetime | None = None,
    ) -> dict[str, Any]:
        """Return the maintenance windows in force, all that ever were, or those of a time."""
        asked = {
            "all": "1" if everything else None,
            "from": None if start is None else start.isoformat(),
            "to": None if end is None else end.isoformat(),
        }
        query = urlencode({key: value for key, value in asked.items() if value is not None})
        return self._ask("GET", f"/api/v1/maintenance{'?' if query else ''}{query}")

    def add_maintenance(self, window: Mapping[str, Any], by: str) -> dict[str, Any]:
        """Add a window, written as in config/maintenance.yaml; `id` may be left out."""
        return self._ask("POST", "/api/v1/maintenance", {"window": window, "by": by})

    def cancel_maintenance(self, name: str, by: str, reason: str) -> dict[str, Any]:
        """End a window from now on."""
        path = f"/api/v1/maintenance/{quote(name, safe='')}/cancel"
        return self._ask("POST", path, {"by": by, "reason": reason})

    def corrections(self) -> dict[str, Any]:
        """Return all that was ever corrected."""
        return self._ask("GET", "/api/v1/corrections")

    def correct(self, wish: Mapping[str, Any]) -> dict[str, Any]:
        """Correct what was recorded; times are by the clock of the configured zone."""
        return self._ask("POST", "/api/v1/corrections", wish)

    def withdraw_correction(self, name: str, by: str, reason: str) -> dict[str, Any]:
        """Have a correction count no more."""
        path = f"/api/v1/corrections/{quote(name, safe='')}/withdraw"
        return self._ask("POST", path, {"by": by, "reason": reason})

    def enter_report(self, name: str, by: str) -> dict[str, Any]:
        """Have it entered into the ledger that a report was filed."""
        return self._ask("POST", "/api/v1/reports", {"report": name, "by": by})

    def dead_letters(
        self, receiver: str | None, since: datetime | None, before: str | None = None
    ) -> dict[str, Any]:
        """Return messages that were given up, the newest first, from where an answer ended on."""
        asked = {
            "receiver": receiver,
            "since": None if since is None else since.isoformat(),
            "before": before,
        }
        query = urlencode({key: value for key, value in asked.items() if value is not None})
        return self._ask("GET", f"/api/v1/dead-letters{'?' if query else ''}{query}")

    def retry(self, ids: Sequence[str], by: str) -> dict[str, Any]:
        """Have messages sent that were given up."""
        return self._ask("POST", "/api/v1/dead-letters/retry", {"ids": list(ids), "by": by})

    def rotate_key(self, by: str) -> dict[str, Any]:
        """Have another key sign the ledger from now on."""
        return self._ask("POST", "/api/v1/ledger/key", {"by": by})

    def status(self) -> dict[str, Any]:
        """Return what the daemon knows of every service and check."""
        return self._ask("GET", "/api/v1/status")

    def _ask(
        self, method: str, path: str, document: Mapping[str, Any] | None = None
    ) -> dict[str, Any]:
        body = None if document is None else json.dumps(document).encode()
        status, answer = self._exchange(method, path, body)
        return _object(answer, f"{path} answered {status}")


def over_socket(
    data_dir: Path, method: str, path: str, body: bytes | None, *, timeout: float = _TIMEOUT_SECONDS
) -> tuple[int, bytes]:
    """Ask the daemon that holds `data_dir`; return the status and the body of its answer."""
    connection = _UnixConnection(data_dir, timeout)
    headers = {} if body is None else {"Content-Type": "application/json"}
    try:
        connection.request(method, path, body, headers)
        response = connection.getresponse()
        return response.status, response.read()
    except (FileNotFoundError, ConnectionRefusedError) as error:
        raise NoDaemon(f"{data_dir}: no daemon runs here") from error
    except (OSError, http.client.HTTPException) as error:
        raise ControlError(f"{data_dir / NAME}: {error}") from error
    finally:
        connection.close()


def _object(body: bytes, what: str) -> dict[str, Any]:
    try:
        answer = json.loads(body)
    except ValueError:
        answer = None
    if not isinstance(answer, dict):
        raise ControlError(f"{what}, and not with a JSON object")
    return answer


class _UnixConnection(http.client.HTTPConnection):
    """An HTTP connection whose socket comes from a path."""

    def __init__(self, data_dir: Path, timeout: float) -> None:
        super().__init__("pantau", timeout=timeout)
        self._data_dir = data_dir
        self._seconds = timeout

    def connect(self) -> None:
        self.sock: socket.socket = connected(self._data_dir, self._seconds)
