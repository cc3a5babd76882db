"""The words of Redis: what is asked, and what any server may answer."""

import asyncio
from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.domain.observation import FailureKind as Kind
from monitor.net.errors import NetError
from monitor.net.reader import LARGEST_DIALOGUE, Reader
from monitor.net.redis import (
    RedisHeard,
    RedisLogin,
    ask,
    command,
    greet,
    learn,
    learn_of_cluster,
    log_in,
    read_info,
    select,
)
from tests.streams import Saying

LOGIN = RedisLogin(username="pantau", password="rahasia-sekali")


def reading(*pieces):
    return Reader(Saying(*pieces), "redis")


def test_a_request_is_a_list_of_texts():
    """A request carries the length of each word, so that no word can end it early."""
    assert command(b"AUTH", b"a b\r\n") == b"*2\r\n$4\r\nAUTH\r\n$5\r\na b\r\n\r\n"


@pytest.mark.parametrize(
    ("said", "text", "code"),
    [
        (b"+PONG\r\n", b"PONG", ""),
        (b":42\r\n", b"42", ""),
        (b"$5\r\na\r\nbc\r\n", b"a\r\nbc", ""),
        (b"$0\r\n\r\n", b"", ""),
        (b"$-1\r\n", b"", ""),
        (b"-LOADING it takes a while\r\n", b"LOADING it takes a while", "LOADING"),
    ],
)
@pytest.mark.parametrize("size", [1, 100])
async def test_answers(said, text, code, size):
    """Each kind of answer is read, in whatever pieces it comes."""
    pieces = [said[at : at + size] for at in range(0, len(said), size)]

    reply = await ask(reading(*pieces), b"PING")

    assert (reply.text, reply.code) == (text, code)


@pytest.mark.parametrize(
    ("said", "told"),
    [
        (b"HTTP/1.1 400 Bad Request\r\n", "expected an answer of Redis to PING, but the server"),
        (b"*1\r\n" * 50, "said '*1'"),
        (b"%1\r\n+a\r\n", "said '%1'"),
        (b"\r\n", "said nothing"),
        (b"$x\r\n", "said '$x'"),
        (b"$99999999999\r\n", "said '$99999999999'"),
        (b"$1000000000\r\n", "the answer to PING would have 1000000000 bytes"),
        (b"$2\r\nPONG\r\n", "the answer to PING has no end after its 2 bytes"),
        (b"+" * 9999, "a line of over 4096 bytes"),
        (b"$9\r\nabc", "the server closed the connection after 'abc'"),
        (b"", "the server closed the connection"),
    ],
)
async def test_what_is_no_answer(said, told):
    """What Redis would not say fails with what was said; nothing is awaited for a false length."""
    with pytest.raises(NetError) as raised:
        await ask(reading(said), b"PING")

    assert raised.value.failure.kind is Kind.PROTOCOL
    assert told in raised.value.failure.detail


@pytest.mark.parametrize(
    ("said", "kind", "told"),
    [
        (b"-LOADING Redis is loading\r\n", Kind.STATUS, "refuses: LOADING Redis is loading"),
        (b"-DENIED protected mode\r\n", Kind.STATUS, "refuses: DENIED protected mode"),
        (b"-ERR max number of clients reached\r\n", Kind.STATUS, "max number of clients"),
        (b"+OK\r\n", Kind.PROTOCOL, "expected PONG, but the server said 'OK'"),
    ],
)
async def test_a_server_that_does_not_serve(said, kind, told):
    """A refusal to answer PING fails in the server's words."""
    with pytest.raises(NetError) as raised:
        await greet(reading(said), RedisHeard())

    assert raised.value.failure.kind is kind
    assert told in raised.value.failure.detail


async def test_a_server_that_is_loading_tells_of_itself():
    """A server that is loading its data fails, and still says how it fares."""
    heard = RedisHeard()

    with pytest.raises(NetError, match="refuses: LOADING"):
        await greet(reading(b"-LOADING wait\r\n", b"$9\r\nloading:1\r\n"), heard)

    assert heard.told == {"loading": "1"}


@pytest.mark.parametrize(
    ("told", "said", "state"),
    [
        ({"cluster_enabled": "1"}, b"$18\r\ncluster_state:fail\r\n", "fail"),
        ({"cluster_enabled": "1"}, b"-NOPERM no\r\n", None),
        ({"cluster_enabled": "0"}, b"", None),
    ],
)
async def test_a_node_of_a_cluster(told, said, state):
    """Only a node of a cluster is asked whether that serves; a refusal is no failure."""
    heard = RedisHeard(told=told)

    await learn_of_cluster(reading(said), heard)

    assert heard.cluster == state


async def test_a_server_that_wants_a_login_is_there():
    """NOAUTH is an answer: nothing has failed, and nothing more is told."""
    heard = RedisHeard()

    await greet(reading(b"-NOAUTH Authentication required.\r\n"), heard)

    assert heard.locked == "NOAUTH Authentication required."


async def test_login_with_a_name_and_without():
    """The default user is asked for by a password alone, as servers before Redis 6 know it."""
    reader = reading(b"+OK\r\n", b"+OK\r\n")

    await log_in(reader, RedisHeard(), LOGIN)
    await log_in(reader, RedisHeard(), RedisLogin(password="rahasia-sekali"))

    assert reader.stream.sent == [
        command(b"AUTH", b"pantau", b"rahasia-sekali"),
        command(b"AUTH", b"rahasia-sekali"),
    ]


@pytest.mark.parametrize(
    ("said", "told"),
    [
        (b"-WRONGPASS invalid pair\r\n", "login refused: WRONGPASS invalid pair"),
        (
            b"-ERR unknown command 'AUTH', with args beginning with: 'rahasia-s\r\n",
            "login refused: ERR unknown command 'AUTH'",
        ),
    ],
)
async def test_a_refused_login_repeats_no_words_of_ours(said, told):
    """A refusal is told without the words that a server quotes back, cut or whole."""
    with pytest.raises(NetError) as raised:
        await log_in(reading(said), RedisHeard(), LOGIN)

    assert raised.value.failure.kind is Kind.STATUS
    assert raised.value.failure.detail == f"redis: {told}"


def test_a_login_does_not_show_its_password():
    """The password is in no text that a program would make of a login."""
    assert "rahasia" not in repr(LOGIN)


async def test_a_database_that_is_none():
    """A database beyond those of the server fails in the server's words."""
    with pytest.raises(NetError) as raised:
        await select(reading(b"-ERR DB index is out of range\r\n"), 99)

    assert raised.value.failure.detail == "redis: database 99: ERR DB index is out of range"


async def test_who_may_not_ask_is_told_so():
    """A user without the right to INFO learns nothing, which is no failure."""
    heard = RedisHeard()

    await learn(reading(b"-NOPERM this user has no permissions to run 'info'\r\n"), heard)

    assert (heard.told, heard.silence[:6]) == (None, "NOPERM")


def test_what_a_server_tells_of_itself():
    """Headings, empty lines and lines without a colon are left out; values may hold colons."""
    octets = b"# Server\r\nredis_version:7.0.15\r\n\r\nnonsense\r\nmaster_host:2001:db8::7\r\n"

    assert read_info(octets) == {"redis_version": "7.0.15", "master_host": "2001:db8::7"}


@settings(max_examples=200)
@given(st.lists(st.binary(max_size=60), max_size=20))
def test_any_server_ends_in_an_answer_or_a_neterror(pieces):
    """Whatever a server says, a visit ends with an answer or in words of ours."""
    server = Saying(*pieces)

    async def visit():
        reader, heard = Reader(server, "redis"), RedisHeard()
        with suppress(NetError):
            await log_in(reader, heard, LOGIN)
            await greet(reader, heard)
            await learn(reader, heard)

    asyncio.run(visit())

    assert server.handed_out <= LARGEST_DIALOGUE + 60
