"""The words of LDAP: what is asked, and what any server may answer."""

import asyncio
from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.domain.observation import FailureKind as Kind
from monitor.net import ber, ldapwire
from monitor.net.errors import NetError
from monitor.net.ldap import LARGEST_ANSWERS, Ldap, LdapHeard, LdapLogin
from monitor.net.ldapfilter import encode
from monitor.net.ldapwire import Question, Scope
from monitor.net.reader import Reader
from tests.streams import Saying

LOGIN = LdapLogin(name="cn=pantau", password="rahasia")
QUESTION = Question(base="dc=test", scope=Scope.ONE, filter=encode("(cn=*)"), limit=3)


def meeting(*pieces):
    return Ldap(Reader(Saying(*pieces), "ldap", largest=LARGEST_ANSWERS))


def result(tag, code, text=b"", number=1):
    """Return a message that ends an operation."""
    parts = (ber.integer(code, ber.ENUMERATED), ber.octet_string(b""), ber.octet_string(text))
    return ber.sequence((ber.integer(number), ber.sequence(parts, tag)))


def entry(number=1, **attributes):
    """Return a message with an entry."""
    listed = (
        ber.sequence(
            (
                ber.octet_string(name.encode()),
                ber.sequence((ber.octet_string(v) for v in values), ber.SET),
            )
        )
        for name, values in attributes.items()
    )
    parts = (ber.octet_string(b"cn=x"), ber.sequence(listed))
    return ber.sequence((ber.integer(number), ber.sequence(parts, ldapwire.SEARCH_ENTRY)))


def test_a_request_to_log_in():
    """A simple bind of version 3 carries name and password (RFC 4511, 4.2)."""
    written = "3019 020101 6014 020103 0406636e3d616263 800772616861736961"

    assert ldapwire.bind(1, "cn=abc", "rahasia") == bytes.fromhex(written)


def test_a_request_to_search():
    """A search without attributes asks for names alone (RFC 4511, 4.5.1.8)."""
    written = (
        "3028 020102 6323 040764633d74657374 0a0101 0a0100 020103 02013c 010100 8702636e"
        " 3005 0403312e31"
    )

    assert ldapwire.search(2, QUESTION) == bytes.fromhex(written)


def test_a_good_bye():
    """The good-bye is the one of RFC 4511 (4.3)."""
    assert ldapwire.unbind(2) == bytes.fromhex("3005 020102 4200")


@pytest.mark.parametrize("size", [1, 7, 1000])
async def test_what_a_server_tells_of_itself(size):
    """The root DSE is read in whatever pieces it comes, names in lower case."""
    said = entry(namingContexts=[b"dc=a", b"dc=b"]) + result(ldapwire.SEARCH_DONE, 0)
    heard = LdapHeard()

    await meeting(*(said[at : at + size] for at in range(0, len(said), size))).learn(heard)

    assert heard.root == {"namingcontexts": ("dc=a", "dc=b")}


async def test_a_search_counts():
    """Entries are counted; references to elsewhere are none."""
    elsewhere = ber.sequence((ber.octet_string(b"ldap://x/"),), ldapwire.SEARCH_REFERENCE)
    reference = ber.sequence((ber.integer(1), elsewhere))
    heard = LdapHeard()

    await meeting(entry(), reference, entry(), result(ldapwire.SEARCH_DONE, 0)).search(
        heard, QUESTION
    )

    assert (heard.entries, heard.cut) == (2, False)


@pytest.mark.parametrize(
    ("code", "told"),
    [
        (49, "ldap: login: invalidCredentials (49): no"),
        (14, "ldap: login: saslBindInProgress (14): no"),
        (99, "ldap: login: a result of its own (99): no"),
    ],
)
async def test_a_refused_login(code, told):
    """Anything but success is a refusal, told by its name."""
    with pytest.raises(NetError) as raised:
        await meeting(result(ldapwire.BIND_RESPONSE, code, b"no")).log_in(LdapHeard(), LOGIN)

    assert (raised.value.failure.kind, raised.value.failure.detail) == (Kind.STATUS, told)


def test_a_login_does_not_show_its_password():
    """The password is in no text that a program would make of a login."""
    assert "rahasia" not in repr(LOGIN)


def test_an_entry_is_bounded():
    """No more than a part of what an entry holds is looked at, and shown as one line."""
    many = ldapwire.read_message(entry(cn=[b"a\nb"] * 500, **{f"x{n}": [] for n in range(200)}))

    found = ldapwire.read_entry(many)

    assert (len(found), len(found["cn"]), found["cn"][0]) == (50, 100, "a b")


@settings(max_examples=200)
@given(
    st.lists(
        st.binary(max_size=60)
        | st.sampled_from(
            [
                result(ldapwire.BIND_RESPONSE, 0),
                entry(2, cn=[b"x"]),
                result(ldapwire.SEARCH_DONE, 0, number=2),
                result(ldapwire.EXTENDED_RESPONSE, 52, number=0),
            ]
        ),
        max_size=20,
    )
)
def test_any_server_ends_in_an_answer_or_a_neterror(pieces):
    """Whatever a server says, a visit ends with an answer or in words of ours."""

    async def visit():
        session, heard = meeting(*pieces), LdapHeard()
        with suppress(NetError):
            await session.log_in(heard, LOGIN)
            await session.learn(heard)
            await session.search(heard, QUESTION)

    asyncio.run(visit())
