"""RDAP servers, and answers in the form that RFC 9083 documents, right or wrong in one way."""

import json
import threading
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from monitor.net.rdap import Registration
from monitor.net.response import Response
from monitor.probes.domain.memory import Known
from tests.fakes import NOON
from tests.servers import read_request

NAME = "makassarkota.test"
SERVERS = ("ns1.example.net", "ns2.example.net")
REGISTRAR = "PT Registrar Contoh"

ABOUT = "kota.test https://rdap.test/"
TOLD = Registration(
    expires=(NOON.timestamp() + 200 * 86_400,),
    registered=NOON.timestamp() - 900 * 86_400,
    changed=NOON.timestamp() - 30 * 86_400,
    statuses=("active", "client transfer prohibited"),
    name_servers=("ns1.test", "ns2.test"),
    registrar="PT Registrar Contoh",
    signed=True,
)


class Registry:
    """Answers every question with the next of `answers`, then with the last of them.

    An answer is octets, or what makes them of a request's head. `asked` are the heads that came.
    """

    def __init__(self, *answers):
        self.asked = []
        self._answers = list(answers)
        self._lock = threading.Lock()

    def __call__(self, connection):
        head = read_request(connection)
        with self._lock:
            self.asked.append(head)
            answer = self._answers.pop(0) if len(self._answers) > 1 else self._answers[0]
        connection.sendall(answer(head) if callable(answer) else answer)


def known(**changes):
    """Return what is known of a domain that is in order at noon, but for `changes`."""
    noon = NOON.timestamp()
    told = replace(TOLD, **changes)
    return Known(about=ABOUT, asked_at=noon, learned_at=noon, registration=told)


def in_days(days, *, now=None):
    """Return a time so many days from now as RDAP writes it."""
    at = (now or datetime.now(UTC)) + timedelta(days=days)
    return at.strftime("%Y-%m-%dT%H:%M:%SZ")


def an_event(action, days, *, now=None):
    return {"eventAction": action, "eventDate": in_days(days, now=now)}


def a_domain(*, expires=(200,), now=None, **changes):
    """Return the answer for a domain that is in order, but for `changes`; None drops a member."""
    document = {
        "rdapConformance": ["rdap_level_0"],
        "objectClassName": "domain",
        "handle": "D1-TEST",
        "ldhName": NAME.upper(),
        "status": ["client transfer prohibited", "active"],
        "events": [
            an_event("registration", -900, now=now),
            an_event("last changed", -30, now=now),
            *(an_event("expiration", days, now=now) for days in expires),
            an_event("last update of RDAP database", 0, now=now),
        ],
        "nameservers": [
            {"objectClassName": "nameserver", "ldhName": name.upper()} for name in SERVERS
        ],
        "entities": [
            {
                "objectClassName": "entity",
                "roles": ["registrar"],
                "vcardArray": [
                    "vcard",
                    [["version", {}, "text", "4.0"], ["fn", {}, "text", REGISTRAR]],
                ],
            }
        ],
        "secureDNS": {"delegationSigned": True},
    } | changes
    return {key: value for key, value in document.items() if value is not None}


def an_error(code=404):
    """Return what a server says of a domain that it does not have (RFC 9083, 6)."""
    return {"rdapConformance": ["rdap_level_0"], "errorCode": code, "title": "Not Found"}


def octets(document, status="200 OK", *headers):
    """Return a whole response; `document` is JSON values, or bytes as they are."""
    body = document if isinstance(document, bytes) else json.dumps(document).encode()
    lines = [
        f"HTTP/1.1 {status}",
        "Content-Type: application/rdap+json",
        f"Content-Length: {len(body)}",
        *headers,
    ]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


def a_response(document, status=200, **headers):
    """Return a response as it is when it has come in whole."""
    response = Response()
    for name, value in headers.items():
        response.take_header(name.replace("_", "-").encode(), str(value).encode())
    response.take_head(status, "1.1")
    response.take_body(document if isinstance(document, bytes) else json.dumps(document).encode())
    response.finish()
    return response
