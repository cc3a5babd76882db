"""How LDAP writes things down (RFC 4511): requests to send, and what comes back of them."""

from dataclasses import dataclass
from enum import IntEnum

from monitor.domain.text import visible_text
from monitor.net import ber

BIND_RESPONSE = ber.application(1)
SEARCH_ENTRY = ber.application(4)
SEARCH_DONE = ber.application(5)
SEARCH_REFERENCE = ber.application(19)
EXTENDED_RESPONSE = ber.application(24)

SUCCESS, SIZE_LIMIT_EXCEEDED, BUSY, UNAVAILABLE = 0, 4, 51, 52

_BIND, _UNBIND = ber.application(0), ber.application(2, constructed=False)
_SEARCH, _EXTENDED = ber.application(3), ber.application(23)
_SIMPLE, _REQUEST_NAME = ber.context(0), ber.context(0)
_START_TLS = b"1.3.6.1.4.1.1466.20037"
_VERSION = 3
_NEVER_DEREFERENCE = 0
_MOST_SECONDS = 60  # that a server may search
_SHOWN = 200
_MOST_ATTRIBUTES, _MOST_VALUES = 50, 100  # of an entry, that are looked at

# RFC 4511, appendix A.1; the last stand in RFC 3909 and RFC 4528.
_RESULTS = {
    0: "success",
    1: "operationsError",
    2: "protocolError",
    3: "timeLimitExceeded",
    4: "sizeLimitExceeded",
    5: "compareFalse",
    6: "compareTrue",
    7: "authMethodNotSupported",
    8: "strongerAuthRequired",
    10: "referral",
    11: "adminLimitExceeded",
    12: "unavailableCriticalExtension",
    13: "confidentialityRequired",
    14: "saslBindInProgress",
    16: "noSuchAttribute",
    17: "undefinedAttributeType",
    18: "inappropriateMatching",
    19: "constraintViolation",
    20: "attributeOrValueExists",
    21: "invalidAttributeSyntax",
    32: "noSuchObject",
    33: "aliasProblem",
    34: "invalidDNSyntax",
    36: "aliasDereferencingProblem",
    48: "inappropriateAuthentication",
    49: "invalidCredentials",
    50: "insufficientAccessRights",
    51: "busy",
    52: "unavailable",
    53: "unwillingToPerform",
    54: "loopDetect",
    64: "namingViolation",
    65: "objectClassViolation",
    66: "notAllowedOnNonLeaf",
    67: "notAllowedOnRDN",
    68: "entryAlreadyExists",
    69: "objectClassModsProhibited",
    71: "affectsMultipleDSAs",
    80: "other",
    118: "canceled",
    119: "noSuchOperation",
    120: "tooLate",
    121: "cannotCancel",
    122: "assertionFailed",
}


class Scope(IntEnum):
    """How far below its base a search looks."""

    BASE = 0
    ONE = 1
    SUB = 2


@dataclass(frozen=True, slots=True)
class Message:
    """One message: the number of the request that it belongs to, and its operation."""

    number: int
    tag: int
    content: bytes


@dataclass(frozen=True, slots=True)
class Result:
    """How an operation ended, and what the server has to say about it."""

    code: int
    told: str

    @property
    def text(self) -> str:
        """The result as people may read it."""
        name = f"{_RESULTS.get(self.code, 'a result of its own')} ({self.code})"
        return f"{name}: {self.told}" if self.told else name


@dataclass(frozen=True, slots=True)
class Question:
    """What to search. `filter` is written down already; `limit` is how many entries at most.

    Without `attributes` entries come by their names alone.
    """

    base: str
    scope: Scope
    filter: bytes
    limit: int
    attributes: tuple[str, ...] = ()


def bind(number: int, name: str, password: str) -> bytes:
    """Return the request of a simple bind."""
    parts = (
        ber.integer(_VERSION),
        ber.octet_string(name.encode()),
        ber.octet_string(password.encode(), _SIMPLE),
    )
    return _message(number, ber.sequence(parts, _BIND))


def search(number: int, question: Question) -> bytes:
    """Return the request of a search; `1.1` asks for no attribute (RFC 4511, 4.5.1.8)."""
    names = question.attributes or ("1.1",)
    parts = (
        ber.octet_string(question.base.encode()),
        ber.integer(question.scope, ber.ENUMERATED),
        ber.integer(_NEVER_DEREFERENCE, ber.ENUMERATED),
        ber.integer(question.limit),
        ber.integer(_MOST_SECONDS),
        ber.boolean(value=False),
        question.filter,
        ber.sequence(ber.octet_string(name.encode()) for name in names),
    )
    return _message(number, ber.sequence(parts, _SEARCH))


def start_tls(number: int) -> bytes:
    """Return the request to go over to TLS (RFC 4511, 4.14)."""
    name = ber.octet_string(_START_TLS, _REQUEST_NAME)
    return _message(number, ber.element(_EXTENDED, name))


def unbind(number: int) -> bytes:
    """Return a good-bye, which nobody answers."""
    return _message(number, ber.null(_UNBIND))


def _message(number: int, operation: bytes) -> bytes:
    return ber.sequence((ber.integer(number), operation))


def read_message(octets: bytes) -> Message:
    """Return the message that `octets` are; controls are left out. Raises ber.Malformed."""
    fields = ber.Fields(octets).fields()
    number = fields.integer()
    tag, content = fields.any()
    return Message(number, tag, content)


def read_result(message: Message) -> Result:
    """Return how an operation ended. Raises ber.Malformed."""
    fields = ber.Fields(message.content)
    code = fields.integer(ber.ENUMERATED)
    fields.octet_string()  # how far the server knew the name
    return Result(code, visible_text(fields.octet_string(), _SHOWN))


def read_entry(message: Message) -> dict[str, tuple[str, ...]]:
    """Return an entry's attributes, their names in lower case, fit to be shown.

    Raises ber.Malformed.
    """
    fields = ber.Fields(message.content)
    fields.octet_string()  # its name
    listed = fields.fields()
    found: dict[str, tuple[str, ...]] = {}
    while listed.left and len(found) < _MOST_ATTRIBUTES:
        attribute = listed.fields()
        name = visible_text(attribute.octet_string(), _SHOWN).lower()
        found[name] = _values(attribute.fields(ber.SET))
    return found


def _values(fields: ber.Fields) -> tuple[str, ...]:
    found: list[str] = []
    while fields.left and len(found) < _MOST_VALUES:
        found.append(visible_text(fields.octet_string(), _SHOWN))
    return tuple(found)
