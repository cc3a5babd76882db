"""Dialling real sockets: every way in which it can fail has its own kind."""

import asyncio
import contextlib
import gc
import os
import resource
import select
import socket
import ssl
import time
import weakref
from dataclasses import replace
from pathlib import Path

import pytest

from monitor.domain.observation import FailureKind as Kind
from monitor.domain.observation import UnknownCause
from monitor.net.connection import dial
from monitor.net.errors import NetError
from monitor.net.fetch import make_request
from monitor.net.network import Network
from monitor.net.policy import AddressClass
from monitor.net.redirects import RedirectRules
from monitor.net.resolver import Family, Resolver
from monitor.net.tls import Contexts, TlsSettings
from monitor.net.trace import Trace
from monitor.net.urls import parse_target
from tests.certificates import intermediate, issue, leaf, root, write_chain, write_root
from tests.integration.net.phases import slow_to_accept
from tests.servers import answering, free_port, ok, read_request, server_context, serving


@pytest.fixture
def network():
    return Network(resolver=Resolver())


@pytest.fixture
def trust(tmp_path):
    return TlsSettings(ca_file=write_root(tmp_path))


@pytest.fixture
def present(tmp_path):
    """Return a server context that presents what `leaf(**changes)` makes."""

    def make(issued=None, **how):
        return server_context(*write_chain(tmp_path, "server", issued or leaf(), **how))

    return make


async def connected(network, port, *, host="127.0.0.1", seconds=5.0, trace=None, **settings):
    stream = await network.connect(
        host, port, deadline=time.monotonic() + seconds, trace=trace or Trace(), **settings
    )
    stream.finish()
    return stream


async def failure(network, port, **settings) -> NetError:
    with pytest.raises(NetError) as caught:
        await connected(network, port, **settings)
    return caught.value


async def fetched(network, url, *, seconds=5.0, trace=None, pinned=None, **settings):
    return await network.fetch(
        make_request(parse_target(url), **settings),
        deadline=time.monotonic() + seconds,
        trace=trace or Trace(),
        pinned=pinned,
    )


def resetting(connection: socket.socket) -> None:
    connection.recv(1)
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
    connection.close()


def silent(connection: socket.socket) -> None:
    while connection.recv(65_536):
        pass


async def test_a_closed_port_is_refused(network):
    """A port where nobody listens gives connect_refused, which is an answer."""
    error = await failure(network, free_port())

    assert (error.failure.kind, error.answered) == (Kind.CONNECT_REFUSED, True)


async def test_a_target_that_never_answers_times_out(network):
    """Without an answer to SYN the failure is connect_timeout, at the deadline."""
    with slow_to_accept(30) as port:
        began = time.monotonic()
        error = await failure(network, port, seconds=0.3)
        took = time.monotonic() - began

    assert (error.failure.kind, error.answered) == (Kind.CONNECT_TIMEOUT, False)
    assert "no answer; time was up after 0.3" in error.failure.detail
    assert 0.3 <= took < 0.8


async def test_a_silent_handshake_times_out(network, trust):
    """A target that accepts and says nothing gives timeout, and the connection is an answer."""
    with serving(silent) as port:
        error = await failure(network, port, tls=trust, seconds=0.3)

    assert (error.failure.kind, error.answered) == (Kind.TIMEOUT, True)
    assert "TLS handshake" in error.failure.detail


async def test_a_reset_is_told_as_such(network, trust):
    """A reset, in the handshake or later, is connect_reset."""
    with serving(resetting) as port:
        error = await failure(network, port, tls=trust)
        with pytest.raises(NetError) as caught:
            await fetched(network, f"http://127.0.0.1:{port}/")

    assert error.failure.kind is Kind.CONNECT_RESET
    assert caught.value.failure.kind is Kind.CONNECT_RESET


async def test_a_context_out_of_use_is_let_go(trust, present):
    """A context that nobody uses any more is not kept for what was verified in it."""
    network = Network(resolver=Resolver())
    with serving(silent, tls=present()) as port:
        await connected(network, port, tls=trust)
    context = weakref.ref(network.contexts.get(trust))

    del network
    await asyncio.sleep(0)  # the turn of the loop that woke us still holds the stream
    gc.collect()

    assert context() is None


@pytest.mark.parametrize(
    ("says", "resets", "is_told", "kind"),
    [
        (b"", True, False, Kind.CONNECT_RESET),
        (b"", True, True, Kind.CONNECT_RESET),
        (b"220 ready\r\n", True, False, Kind.CONNECT_RESET),
        (b"", False, False, Kind.TLS_PROTOCOL),
    ],
)
async def test_a_target_that_has_gone_before_the_handshake(says, resets, is_told, kind, trust):
    """A target that accepts and is gone before our handshake begins has failed, not we."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        stream = await dial("127.0.0.1", port, deadline=time.monotonic() + 5, trace=Trace())
        accepted, _ = listener.accept()
        accepted.sendall(says)
        if resets:
            accepted.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
        accepted.close()
        descriptor = stream._socket.fileno()
        poll = select.poll()
        poll.register(descriptor, select.POLLRDHUP)
        poll.poll(5000)
        if is_told:
            assert stream._socket.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
        with pytest.raises(NetError) as caught:
            await stream.start_tls(Contexts().get(trust), trust, "127.0.0.1")
        stream.close()

    assert (caught.value.failure.kind, caught.value.cause) == (kind, None)
    with pytest.raises(OSError, match="Bad file descriptor"):
        os.fstat(descriptor)


async def test_a_server_without_tls_is_a_protocol_failure(network, trust):
    """A target that does not speak TLS gives tls_protocol, also when it just closes."""
    with (
        serving(answering(b"HTTP/1.1 400 Bad\r\n\r\n")) as port,
        serving(lambda c: c.recv(1)) as deaf,
    ):
        for one in (port, deaf):
            assert (await failure(network, one, tls=trust)).failure.kind in {
                Kind.TLS_PROTOCOL,
                Kind.CONNECT_RESET,
                Kind.TIMEOUT,
            }


@pytest.mark.parametrize("kind", ["ecdsa", "rsa"])
async def test_a_good_chain_is_accepted(kind, network, trust, present):
    """A chain up to the trusted root is verified, and its earliest expiry known."""
    issued = leaf(kind=kind, label=f"good-{kind}")
    trace = Trace()
    with serving(silent, tls=present(issued)) as port:
        await connected(network, port, tls=trust, trace=trace, host="localhost")

    assert trace.tls.version == "TLSv1.3"
    assert trace.tls.verified_expiry == issued.certificate.not_valid_after_utc.timestamp()
    assert len(trace.tls.chain.certificates) == 2


@pytest.mark.parametrize(
    "case",
    [
        ({"days": (-90, -1)}, {}, Kind.TLS_EXPIRED),
        ({"days": (1, 90)}, {}, Kind.TLS_NOT_YET_VALID),
        ({"issuer": None}, {}, Kind.TLS_SELF_SIGNED),
        ({"names": ("other.test",)}, {}, Kind.TLS_HOSTNAME),
        ({}, {"with_intermediate": False}, Kind.TLS_UNTRUSTED),
        ({"days": (-9, -1)}, {"with_intermediate": False}, Kind.TLS_EXPIRED),
    ],
    ids=lambda case: case[2].value,
)
async def test_a_bad_chain_is_refused_and_reported(case, network, trust, present):
    """Whatever is wrong with a certificate, its dates, names and chain are known all the same."""
    changes, how, kind = case
    issued = leaf(**changes)
    trace = Trace()
    with serving(silent, tls=present(issued, **how)) as port:
        error = await failure(network, port, tls=trust, trace=trace)

    certificate = trace.tls.chain.leaf
    assert (error.failure.kind, error.answered) == (kind, True)
    assert certificate.not_after == issued.certificate.not_valid_after_utc.timestamp()
    assert certificate.names[0] == changes.get("names", ("makassarkota.test",))[0]
    assert trace.tls.verified_expiry is None


async def test_all_faults_are_in_the_detail(network, trust, present):
    """An expired certificate of the wrong name, whose issuer is missing, is told in full."""
    issued = leaf(names=("other.test",), days=(-9, -1))
    with serving(silent, tls=present(issued, with_intermediate=False)) as port:
        error = await failure(network, port, tls=trust)

    for part in ("expired on", "intermediate missing", "not for 127.0.0.1 but for other.test"):
        assert part in error.failure.detail


async def test_a_root_that_is_not_trusted(network, trust, present):
    """A chain to a root that is not in the trust store is untrusted."""
    stranger = issue(subject="Strange Root", names=(), days=(-9, 900), authority=True)
    with serving(silent, tls=present(leaf(issuer=stranger))) as port:
        error = await failure(network, port, tls=trust)

    assert error.failure.kind is Kind.TLS_UNTRUSTED


async def test_any_certificate_in_ca_file_is_an_anchor(network, tmp_path, present):
    """An intermediate, or a self-signed certificate, in `ca_file` is trusted by itself."""
    own = leaf(issuer=None, label="own")
    for number, (anchor, issued, how) in enumerate(
        ((intermediate(), leaf(), {"with_intermediate": False}), (own, own, {}))
    ):
        path = tmp_path / f"anchor-{number}.pem"
        path.write_bytes(anchor.pem())
        with serving(silent, tls=present(issued, **how)) as port:
            await connected(network, port, tls=TlsSettings(ca_file=path))


async def test_a_common_name_is_no_name(network, trust, present):
    """A certificate without alternative names is for nobody, whatever its subject says."""
    with serving(silent, tls=present(leaf(subject="localhost", names=()))) as port:
        error = await failure(network, port, host="localhost", tls=trust)

    assert error.failure.kind is Kind.TLS_HOSTNAME


async def test_insecure_accepts_anything_and_verifies_nothing(network, present):
    """With `insecure` a bad chain is accepted, and no verified expiry is claimed."""
    trace = Trace()
    with serving(silent, tls=present(leaf(issuer=None, days=(-9, -1)))) as port:
        await connected(network, port, tls=TlsSettings(insecure=True), trace=trace)

    assert trace.tls.verified_expiry is None
    assert trace.tls.chain.leaf is not None


async def test_the_oldest_version_that_is_accepted(network, trust, present):
    """A target that offers less than `min_tls` is refused."""
    context = present()
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    with serving(silent, tls=context) as port:
        await connected(network, port, tls=trust)
        error = await failure(
            network, port, tls=TlsSettings(ca_file=trust.ca_file, min_tls="TLS1.3")
        )

    assert error.failure.kind is Kind.TLS_PROTOCOL


async def test_a_client_certificate_is_shown(network, trust, present, tmp_path):
    """A target that demands a certificate gets ours, and refuses us without one."""
    context = present()
    context.verify_mode = ssl.CERT_REQUIRED
    context.load_verify_locations(trust.ca_file)
    chain, key = write_chain(tmp_path, "client", leaf(names=("client.test",)))
    ours = TlsSettings(ca_file=trust.ca_file, client_cert_file=chain, client_key_file=key)
    with serving(answering(ok()), tls=context) as port:
        reply = await fetched(network, f"https://127.0.0.1:{port}/", tls=ours)
        with pytest.raises(NetError) as caught:
            await fetched(network, f"https://127.0.0.1:{port}/", tls=trust)

    assert reply.response.status == 200
    assert caught.value.failure.kind in {Kind.TLS_OTHER, Kind.CONNECT_RESET}
    assert caught.value.cause is None


@pytest.mark.parametrize("content", [None, b"not a certificate"])
async def test_a_broken_file_of_ours_is_no_fault_of_the_target(content, network, tmp_path):
    """A `ca_file` that can't be read makes the check unknown: local."""
    path = tmp_path / "ca.pem"
    if content is not None:
        path.write_bytes(content)
    error = await failure(network, free_port(), tls=TlsSettings(ca_file=path))

    assert error.cause is UnknownCause.LOCAL
    assert "ca.pem" in error.failure.detail


async def test_a_key_with_a_passphrase_asks_nobody(network, tmp_path):
    """A client key with a passphrase makes the check unknown: local; no terminal is asked for it."""
    (tmp_path / "client.pem").write_bytes(leaf().pem() + leaf().key_pem(b"a passphrase"))
    error = await failure(
        network, free_port(), tls=TlsSettings(client_cert_file=tmp_path / "client.pem")
    )

    assert error.cause is UnknownCause.LOCAL
    assert "the key has a passphrase" in error.failure.detail


async def test_a_renewed_file_is_read_again(network, tmp_path, present):
    """A trust store that was replaced counts within a second."""
    times = iter([0.0, 0.5, 1.0])
    network = replace(network, contexts=Contexts(monotonic=lambda: next(times)))
    path = tmp_path / "ca.pem"
    path.write_bytes(issue(subject="Other Root", names=(), authority=True).pem())
    settings = TlsSettings(ca_file=path)
    with serving(silent, tls=present()) as port:
        assert (await failure(network, port, tls=settings)).failure.kind is Kind.TLS_UNTRUSTED
        path.write_bytes(root().pem())
        os.utime(path, ns=(1, 1))
        assert (await failure(network, port, tls=settings)).failure.kind is Kind.TLS_UNTRUSTED
        await connected(network, port, tls=settings)


async def test_equal_settings_share_a_context(network, trust):
    """One context serves every check with the same settings, whatever name it asks for."""
    one = network.contexts.get(trust)

    assert network.contexts.get(TlsSettings(ca_file=trust.ca_file, server_name="a.test")) is one
    assert network.contexts.get(TlsSettings(ca_file=trust.ca_file, min_tls="TLS1.3")) is not one


@pytest.mark.parametrize(("says_goodbye", "kind"), [(True, None), (False, Kind.TRUNCATED)])
async def test_a_body_without_a_length_needs_a_goodbye(says_goodbye, kind, network, trust, present):
    """Over TLS, a connection that just breaks off may have lost the rest of the body."""

    def handle(connection):
        read_request(connection)
        connection.sendall(b"HTTP/1.1 200 OK\r\n\r\nMakassar")
        if says_goodbye:
            connection.unwrap()

    with serving(handle, tls=present()) as port:
        response = (await fetched(network, f"https://127.0.0.1:{port}/", tls=trust)).response

    assert (response.failure and response.failure.failure.kind) == kind


async def test_the_name_that_is_asked_for(network, trust, present):
    """The server gets `server_name` where it is given, else the host, and no address (SNI)."""
    asked = []
    context = present()
    context.sni_callback = lambda _socket, name, _context: asked.append(name)
    named = TlsSettings(ca_file=trust.ca_file, server_name="makassarkota.test")
    with serving(silent, tls=context) as port:
        await connected(network, port, host="localhost", tls=trust)
        await connected(network, port, tls=named)
        await connected(network, port, tls=trust)

    assert asked == ["localhost", "makassarkota.test", None]


async def test_ip6_is_dialled(network):
    """An IPv6 literal, and `ip6` of a name that has one, go over IPv6."""
    trace = Trace()
    with serving(silent, host="::1") as port:
        stream = await connected(network, port, host="::1", trace=trace)

    assert (trace.address, stream.peer) == ("::1", f"[::1]:{port}")


async def test_resolve_to_is_dialled_in_place_of_the_name(network):
    """With `resolve_to` no name is resolved; Host stays that of the URL."""
    heads = []

    def handle(connection):
        heads.append(read_request(connection))
        connection.sendall(ok())

    with serving(handle) as port:
        await fetched(network, f"http://nowhere.invalid:{port}/", resolve_to="127.0.0.1")

    assert f"Host: nowhere.invalid:{port}\r\n".encode() in heads[0]


@pytest.mark.parametrize(
    "address",
    [
        "169.254.169.254",
        "0.0.0.0",
        "224.0.0.1",
        "255.255.255.255",
        "::",
        "fe80::1",
        "ff02::1",
        "::ffff:169.254.169.254",
    ],
)
async def test_some_addresses_are_never_dialled(address, network):
    """Link-local, metadata, multicast and unspecified addresses are refused, however they come."""
    error = await failure(network, 80, host=address)
    by_hand = await failure(network, 80, host="a.test", resolve_to=address)

    assert error.failure.kind is Kind.REFUSED_BY_POLICY
    assert by_hand.failure.kind is Kind.REFUSED_BY_POLICY


async def test_a_redirect_leads_no_further_inward(network):
    """A target that is not on loopback cannot send us there, and nobody is dialled."""
    trapped = []
    with serving(trapped.append) as trap, pytest.raises(NetError) as caught:
        await fetched(network, f"http://127.0.0.1:{trap}/", pinned=AddressClass.PRIVATE)

    assert caught.value.failure.kind is Kind.REFUSED_BY_POLICY
    assert trapped == []


async def test_each_hop_is_checked_anew(network):
    """A redirect to a metadata address is refused, also from loopback."""
    moved = b"HTTP/1.1 302 F\r\nLocation: http://169.254.169.254/latest/\r\n\r\n"
    with serving(answering(moved)) as port, pytest.raises(NetError) as caught:
        await fetched(network, f"http://127.0.0.1:{port}/", redirects=RedirectRules())

    assert caught.value.failure.kind is Kind.REFUSED_BY_POLICY


async def test_a_family_that_the_host_lacks(network):
    """`ip6` of an IPv4 address is no_data of the resolver, not a connection."""
    error = await failure(network, free_port(), family=Family.IP6)

    assert error.failure.kind is Kind.RESOLVE_NODATA


async def test_no_descriptors_left_is_unknown(network):
    """When this process has no descriptor left, nothing is said of the target."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    taken = [socket.socket() for _ in range(4)]
    lowest = min(s.fileno() for s in taken)
    for one in taken:
        one.close()
    resource.setrlimit(resource.RLIMIT_NOFILE, (lowest, hard))
    try:
        error = await failure(network, 80)
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))

    assert error.cause is UnknownCause.LOCAL
    assert "EMFILE" in error.failure.detail


def _descriptors() -> int:
    return sum(1 for _ in Path("/proc/self/fd").iterdir())


async def test_a_cancelled_check_leaves_nothing_open(network, trust):
    """Cancellation and timeouts close every socket, in each phase."""
    with contextlib.ExitStack() as stack:
        mute = stack.enter_context(serving(silent))
        full = stack.enter_context(slow_to_accept(30))
        await asyncio.sleep(0.05)
        before = _descriptors()
        for port, tls in ((mute, trust), (mute, None), (full, None)):
            work = [
                asyncio.create_task(
                    fetched(
                        network, f"http{'s' if tls else ''}://127.0.0.1:{port}/", tls=tls or trust
                    )
                )
                for _ in range(5)
            ]
            await asyncio.sleep(0.05)
            for one in work:
                one.cancel()
            await asyncio.gather(*work, return_exceptions=True)
            for _ in range(3):
                await failure(network, port, tls=trust, seconds=0.05)
        gc.collect()
        stack.pop_all().close()

    # The server's ends, in this same process, close a moment later.
    for _ in range(150):
        if _descriptors() <= before:
            break
        await asyncio.sleep(0.02)
    assert _descriptors() <= before


async def test_a_deadline_that_has_passed_ends_at_once(network):
    """Nothing is waited for after the deadline."""
    with serving(answering(ok())) as port:
        began = time.monotonic()
        error = await failure(network, port, seconds=-1)

    assert error.failure.kind is Kind.CONNECT_TIMEOUT
    assert time.monotonic() - began < 0.5


async def test_all_addresses_of_a_host(network, tmp_path):
    """Every address of a host is told, unless the policy refuses it."""
    hosts = tmp_path / "hosts"
    hosts.write_text("127.0.0.2 two\n127.0.0.3 two\n")
    network = replace(network, resolver=Resolver(hosts_file=hosts))
    deadline = time.monotonic() + 5

    assert await network.addresses("two", Family.ANY, deadline) == ("127.0.0.2", "127.0.0.3")
    assert await network.addresses("10.0.0.9", Family.ANY, deadline) == ("10.0.0.9",)
    for host, pinned in (("two", AddressClass.PRIVATE), ("169.254.1.1", None)):
        with pytest.raises(NetError) as caught:
            await network.addresses(host, Family.ANY, deadline, pinned)
        assert caught.value.failure.kind is Kind.REFUSED_BY_POLICY
