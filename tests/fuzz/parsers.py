"""The parsers that read what strangers send, each with small sound inputs to begin from.

A parser takes any bytes and ends without an exception: what is wrong with them is a value, or the
one error that it documents, which is swallowed here.
"""

import gzip
import tempfile
from collections.abc import Callable, Coroutine
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import dns.edns
import dns.message
import dns.rrset
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import ocsp
from cryptography.x509.oid import AuthorityInformationAccessOID

from monitor.conditions.cel import Cel
from monitor.conditions.ldap import LdapConditions
from monitor.conditions.ldap import judge as judge_ldap
from monitor.conditions.redis import RedisConditions
from monitor.conditions.redis import judge as judge_redis
from monitor.conditions.sql import SqlConditions
from monitor.conditions.sql import judge as judge_sql
from monitor.configuration.blackbox import modules_of
from monitor.configuration.files import Shelf
from monitor.configuration.findings import Findings
from monitor.fields import Context
from monitor.net import ber, ldapwire
from monitor.net.certificates import read_chain
from monitor.net.connection import Stream
from monitor.net.dnsmessage import CnameLoop, Question, follow
from monitor.net.dnspresent import zone_lines
from monitor.net.dnssec import validate
from monitor.net.dnssecwire import read as read_rrsets
from monitor.net.dnswire import Malformed, decode, decode_cut
from monitor.net.errors import NetError
from monitor.net.http1 import Http1Response as Response
from monitor.net.ldap import Ldap, LdapHeard, LdapLogin
from monitor.net.ldapfilter import encode
from monitor.net.mysql import MySql
from monitor.net.mysqlwire import packet
from monitor.net.ocsp import Standing
from monitor.net.ocsp import read_response as read_ocsp
from monitor.net.postgres import Postgres
from monitor.net.postgreswire import message, text
from monitor.net.reader import Reader
from monitor.net.redis import RedisHeard, greet, learn
from monitor.net.snmpusm import (
    Engine,
    Keys,
    User,
    content_of,
    discovery,
    is_genuine,
)
from monitor.net.snmpusm import question as snmp_question
from monitor.net.snmpusm import read_message as read_snmp_message
from monitor.net.snmpwire import (
    community_message,
    get_pdu,
    read_community_message,
    read_head,
    read_rest,
)
from monitor.net.sql import SqlHeard, SqlSession, Visitor
from monitor.net.tlsversions import server_hello
from monitor.net.websocketframes import FrameReader
from tests.certificates import intermediate, issue, leaf
from tests.dnsrecords import RECORDS, reply_with
from tests.signedzones import ANCHORS, EXAMPLE, ID, WWW, Asked, nsec, reply, world
from tests.signedzones import NOON as DAY_ONE
from tests.snmpagents import a_response


@dataclass(frozen=True, slots=True, kw_only=True)
class Parser:
    """`read` says whether it understood the bytes that it is given; `seeds` are such bytes."""

    read: Callable[[bytes], bool]
    seeds: tuple[bytes, ...]


def read_response(octets: bytes) -> bool:
    """Feed a response in pieces of growing size, the last of them ending with the connection."""
    response = Response(largest_body=100_000)
    start, size = 0, 1
    while start < len(octets) and not response.complete and response.failure is None:
        response.feed(octets[start : start + size])
        start, size = start + size, size * 2
    response.end()
    understood = response.complete and response.failure is None
    assert understood or response.failure is not None
    response.close()
    return understood


def read_message(octets: bytes) -> bool:
    """Read a reply, write its records as lines, and follow its CNAMEs."""
    with suppress(Malformed):
        decode_cut(octets)
    try:
        message = decode(octets)
    except Malformed:
        return False
    lines = zone_lines([*message.answer, *message.authority, *message.additional])
    "\n".join((*lines, *map(str, message.edns.errors if message.edns else ()))).encode()
    with suppress(CnameLoop):
        follow(message, Question("example.id", "A"))
    return True


def read_signed(octets: bytes) -> bool:
    """Validate a reply, and a chain of which this reply is a part."""
    reply_to = world().table
    for question in ("example.id DS", "example.id DNSKEY"):
        answers = Asked(reply_to | {question: octets})
        _finished(validate(answers, Question("www.example.id", "A"), reply(WWW), ANCHORS, DAY_ONE))
    answers = Asked(reply_to | {"host.id A": octets})
    _finished(validate(answers, Question("www.example.id", "A"), octets, ANCHORS, DAY_ONE))
    try:
        read_rrsets(octets)
    except Malformed:
        return False
    return True


def _finished(coroutine: Coroutine[Any, Any, Any]) -> None:
    """Run what never waits."""
    with suppress(StopIteration):
        coroutine.send(None)


class Saying(Stream):
    """A connection on which these bytes come, some at a time, and then the end."""

    def __init__(self, octets: bytes) -> None:
        self._rest = octets

    async def receive(self, limit: int = 700) -> bytes:
        octets, self._rest = self._rest[:limit], self._rest[limit:]
        return octets

    async def send(self, octets: bytes) -> None:
        pass


def _signed() -> tuple[bytes, ...]:
    digest = "0p9mhaveqvm6t7vbl5lop2u3t2rp3tom"
    return (
        reply(WWW),
        reply(EXAMPLE.keys()),
        reply(ID.sign("example.id.", "DS", EXAMPLE.ds())),
        reply([], nsec(EXAMPLE, "example.id.", "y.example.id.", "SOA RRSIG"), "NXDOMAIN"),
        reply([], EXAMPLE.sign(f"{digest}.example.id.", "NSEC3", f"1 1 3 ab {digest} A RRSIG")),
        reply(EXAMPLE.expanded("*.example.id.", "www.example.id.", "A", "192.0.2.7"), WWW),
    )


def read_certificates(octets: bytes) -> bool:
    """Read a chain of one certificate, whose parts are texts and numbers."""
    found = read_chain((octets,)).certificates
    for one in found:
        "".join((one.subject, one.issuer, one.serial, *one.names, *one.addresses)).encode()
    return bool(found)


def read_revocation(octets: bytes) -> bool:
    """Read what an authority says of a certificate."""
    return read_ocsp(octets, _CHAIN, NOW).standing is not Standing.UNAVAILABLE


def read_server_hello(octets: bytes) -> bool:
    """Read what a server chooses of an offer of TLS."""
    return server_hello(octets) is not None


def read_snmp(octets: bytes) -> bool:
    """Read an agent's answer in version 2c, and in version 3 with a key and without."""
    for read in (_read_community, _read_user):
        with suppress(ber.Malformed):
            return read(octets)
    return False


def _read_community(octets: bytes) -> bool:
    read_rest(read_head(read_community_message(octets)[1]))
    return True


def _read_user(octets: bytes) -> bool:
    message = read_snmp_message(octets)
    is_genuine(message, SNMP_KEYS)
    content_of(message, SNMP_KEYS)
    return True


def _snmp() -> tuple[bytes, ...]:
    pdu = get_pdu(7, ["1.3.6.1.2.1.1.3.0"])
    asked = community_message(b"public", pdu)
    keys, plain = SNMP_KEYS, replace(SNMP_KEYS, secrecy=None)
    asking = {"user": User(name="pantau"), "engine": Engine(id=b"engine"), "context_name": ""}
    signed = (
        snmp_question(1, pdu, keys=each, now=0.0, salt=b"saltsalt", **asking)
        for each in (None, plain, keys)
    )
    return (a_response(asked, ber.integer(7, 0x43)), discovery(1, pdu), *signed)


SNMP_KEYS = Keys(hash_name="sha256", authentication=b"k" * 32, secrecy=b"k" * 16)


def read_frames(octets: bytes) -> bool:
    """Read the frames of a WebSocket, cut in two."""
    reader = FrameReader()
    half = len(octets) // 2
    try:
        return bool([*reader.feed(octets[:half]), *reader.feed(octets[half:])])
    except NetError:
        return False


def read_document(octets: bytes) -> bool:
    """Hold a body against a CEL expression that looks at every part of it."""
    try:
        DOCUMENT_RULE.evaluate(octets)
    except ValueError:
        return False
    return True


def read_redis(octets: bytes) -> bool:
    """Hear what a Redis server answers, and hold it against every condition."""
    heard = RedisHeard()

    async def visit() -> None:
        reader = Reader(Saying(octets), "redis")
        await greet(reader, heard)
        await learn(reader, heard)

    try:
        _finished(visit())
    except NetError:
        return False
    judge_redis(RedisConditions(role="replica"), heard, 0.0)
    judge_redis(RedisConditions(), heard, 0.0)
    return True


def read_modules(octets: bytes) -> bool:
    """Read a blackbox.yml whose secrets lie beside it; each mistake is one line with its place."""
    findings = Findings()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "blackbox.yml").write_bytes(octets)
        for beside in ("secret.txt", "body.txt"):
            (folder / beside).touch(0o600)
            (folder / beside).write_text("hunter2")
        modules = modules_of("blackbox.yml", Shelf(folder, findings), Context(folder=folder))
    for each in findings.problems:
        assert each.file == "blackbox.yml"
        assert each.line >= 1
        assert each.column >= 1
        assert "\n" not in each.message
    return bool(modules) and not findings.problems


_MODULES = Path(__file__).parent.parent / "data" / "valid" / "blackbox" / "config" / "blackbox.yml"


def read_ldap(octets: bytes) -> bool:
    """Hear what an LDAP server answers to a login and two searches, and judge it."""
    heard = LdapHeard()
    question = ldapwire.Question(
        base="", scope=ldapwire.Scope.SUB, filter=encode("(cn=*)"), limit=3
    )

    async def visit() -> None:
        session = Ldap(Reader(Saying(octets), "ldap"))
        await session.log_in(heard, LdapLogin(name="cn=a", password="rahasia"))
        await session.learn(heard)
        await session.search(heard, question)

    try:
        _finished(visit())
    except NetError:
        return False
    judge_ldap(LdapConditions(naming_contexts=("dc=a",), fewest=1, most=2), heard, 0.0)
    return True


def _ldap_answers() -> tuple[bytes, ...]:
    parts = (ber.integer(0, ber.ENUMERATED), ber.octet_string(b""), ber.octet_string(b"fine"))
    values = ber.sequence((ber.octet_string(b"dc=a"), ber.octet_string(b"dc=b")), ber.SET)
    listed = ber.sequence((ber.sequence((ber.octet_string(b"namingContexts"), values)),))
    entry = ber.sequence((ber.octet_string(b""), listed), ldapwire.SEARCH_ENTRY)
    messages = (
        (1, ber.sequence(parts, ldapwire.BIND_RESPONSE)),
        (2, entry),
        (2, ber.sequence(parts, ldapwire.SEARCH_DONE)),
        (3, entry),
        (3, ber.sequence(parts, ldapwire.SEARCH_DONE)),
    )
    return (b"".join(ber.sequence((ber.integer(n), operation)) for n, operation in messages),)


def read_postgres(octets: bytes) -> bool:
    """Hear what a PostgreSQL server answers to a login without SCRAM, and to a query."""
    heard = SqlHeard()
    return _understood(Postgres(Reader(Saying(octets), "postgres"), heard, None), heard)


def read_mysql(octets: bytes) -> bool:
    """Hear what a MySQL server answers to a login and a query."""
    heard = SqlHeard()
    return _understood(MySql(Reader(Saying(octets), "mysql"), heard, "kota"), heard)


def _understood(session: SqlSession, heard: SqlHeard) -> bool:
    async def visit() -> None:
        await session.greeting()
        await session.log_in(Visitor(username="pantau", password="sandi"))
        await session.begin(0.0)
        await session.look_at_role()
        await session.ask("SELECT 1")

    try:
        _finished(visit())
    except NetError:
        return False
    judge_sql(SqlConditions(value_max=1, rows=(1, 1)), heard, 0.0)
    return heard.answer is not None


DOCUMENT_RULE = Cel(
    "body.all(x, size(string(x)) > 0 || x in body || x.v > 1 || x[0].matches('^a+$'))"
    " && body.map(x, x + x).filter(x, x < body || int(x) > 0) != [timestamp(body[0]), body]"
    " || true"
)
SERVER_HELLO = b"\2\0\0\x28\3\3" + b"r" * 32 + b"\2id\xc0\x2f\0"
REDIS_ANSWERS = (
    b"+PONG\r\n$44\r\n# Server\r\nredis_version:7.0.15\r\nrole:slave\r\n\r\n",
    b"+PONG\r\n-NOPERM this user has no permissions\r\n",
    b"-NOAUTH Authentication required.\r\n:1\r\n",
)
_IN, _READY = message(b"R", bytes(4)), message(b"Z", b"I")
_BEGUN = message(b"C", text("BEGIN")) + _READY
_ROW = message(b"D", b"\0\x01", b"\0\0\0\x01", b"t") + message(b"C", text("SELECT 1"))
_ROWS = message(b"1") + message(b"2") + _ROW + _READY
_ROLE = message(b"S", text("in_hot_standby"), text("on"))
POSTGRES_ANSWERS = (
    _IN + _READY + _BEGUN + _ROWS * 2,
    message(b"R", b"\0\0\0\x05", b"salt") + _IN + _ROLE + _READY + _BEGUN + _ROWS,
)
_HELLO = b"\n8.0\0" + bytes(4) + b"scramble\0\xff\xff-\2\0\xff\xff\x15" + bytes(10) + bytes(13)
_OK, _END = b"\0\0\0\2\0\0\0", b"\xfe\0\0\2\0"
_TABLE = b"".join(
    packet(payload, number)
    for number, payload in enumerate((b"\x01", b"\x03def" + bytes(20), _END, b"\x017", _END), 1)
)
_SWITCH = b"\xfemysql_native_password\0" + bytes(21)
_BEGUN_TOO = packet(_OK, 1) * 3
MYSQL_ANSWERS = (
    packet(_HELLO + text("mysql_native_password"), 0) + packet(_OK, 2) + _BEGUN_TOO + _TABLE * 2,
    packet(_HELLO + text("caching_sha2_password"), 0)
    + packet(_SWITCH, 2) + packet(_OK, 4) + _BEGUN_TOO + _TABLE * 2,
)  # fmt: skip
NOW = datetime(2026, 6, 1, tzinfo=UTC)
_LEAF = leaf()
_CHAIN = (_LEAF.der(), intermediate().der())


def ocsp_response() -> bytes:
    """Return a sound response that says that the certificate is good."""
    builder = ocsp.OCSPResponseBuilder().add_response(
        _LEAF.certificate,
        intermediate().certificate,
        hashes.SHA1(),
        ocsp.OCSPCertStatus.GOOD,
        NOW,
        None,
        None,
        None,
    )
    who = builder.responder_id(ocsp.OCSPResponderEncoding.HASH, intermediate().certificate)
    return who.sign(intermediate().key, hashes.SHA256()).public_bytes(Encoding.DER)


def _responses() -> tuple[bytes, ...]:
    return (
        b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nHalo!",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nHalo!\r\n0\r\nX: y\r\n\r\n",
        b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 301 Moved\r\nLocation: /a\r\nSet-Cookie: a=b\r\n\r\n",
        b"HTTP/1.0 200 OK\nContent-Encoding: gzip\n\n" + gzip.compress(b"Halo!", mtime=0),
        b"HTTP/1.1 200 OK\r\nServer: nginx\r\nX-Note: a text of some length\r\n\r\nHalo!",
        b"HTTP/1.1 304 Not Modified\r\nContent-Length: 99\r\n\r\n",
    )


def _messages() -> tuple[bytes, ...]:
    query = dns.message.make_query("example.id.", "A", id=7)
    reply = dns.message.make_response(query)
    for name, kind, value in (
        ("example.id.", "CNAME", "www.example.id."),
        ("www.example.id.", "A", "192.0.2.7"),
        ("example.id.", "SOA", "a.id. b.id. 1 2 3 4 5"),
        ("example.id.", "TXT", '"abc" "def"'),
        ("example.id.", "CAA", '0 issue "ca.example"'),
        ("example.id.", "MX", "10 mail.example.id."),
        ("example.id.", "SRV", "0 5 443 www.example.id."),
    ):
        reply.answer.append(dns.rrset.from_text(name, 60, "IN", kind, value))
    reply.use_edns(0, options=[dns.edns.EDEOption(7, "late"), dns.edns.NSIDOption(b"ns1")])
    of_each_type = (reply_with(query.to_wire(), *record[:2]) for record in RECORDS)
    return (reply.to_wire(), dns.message.make_response(query).to_wire(), *of_each_type)


def _certificates() -> tuple[bytes, ...]:
    responder = x509.UniformResourceIdentifier("http://ocsp.example/")
    extensions = (
        x509.AuthorityInformationAccess(
            [x509.AccessDescription(AuthorityInformationAccessOID.OCSP, responder)]
        ),
        x509.TLSFeature([x509.TLSFeatureType.status_request]),
    )
    return (
        issue().der(),
        issue(kind="rsa", names=("a.example", "192.0.2.1")).der(),
        issue(extensions=extensions).der(),
    )


def parsers() -> dict[str, Parser]:
    """Return every parser by its name."""
    return {
        "http-response": Parser(read=read_response, seeds=_responses()),
        "dns-message": Parser(read=read_message, seeds=_messages()),
        "dnssec-reply": Parser(read=read_signed, seeds=_signed()),
        "certificate": Parser(read=read_certificates, seeds=_certificates()),
        "ocsp-response": Parser(read=read_revocation, seeds=(ocsp_response(),)),
        "json-document": Parser(
            read=read_document,
            seeds=(b'["a", {"v": 1.5e3}, [null, true]]', b'{"a": -1}', b"[1, 2]"),
        ),
        "ldap-answers": Parser(read=read_ldap, seeds=_ldap_answers()),
        "mysql-answers": Parser(read=read_mysql, seeds=MYSQL_ANSWERS),
        "postgres-answers": Parser(read=read_postgres, seeds=POSTGRES_ANSWERS),
        "redis-answers": Parser(read=read_redis, seeds=REDIS_ANSWERS),
        "blackbox-yml": Parser(read=read_modules, seeds=(_MODULES.read_bytes(),)),
        "snmp-answer": Parser(read=read_snmp, seeds=_snmp()),
        "websocket-frames": Parser(
            read=read_frames,
            seeds=(
                b"\x01\x02ab\x89\x01p\x80\x02cd",
                b"\x82\x7e\x00\x80" + b"x" * 128,
                b"\x8a\x00\x88\x06\x03\xe8pamit"[:-1],
            ),
        ),
        "tls-answer": Parser(read=read_server_hello, seeds=(SERVER_HELLO,)),
    }
