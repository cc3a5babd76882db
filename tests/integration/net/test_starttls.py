"""Going over to TLS with the servers that cities run."""

import re
import ssl
import time
from queue import SimpleQueue

import pytest

from monitor.domain.observation import FailureKind as Kind
from monitor.net.errors import NetError
from monitor.net.network import Network
from monitor.net.resolver import Resolver
from monitor.net.starttls import StartTls, farewell
from monitor.net.tls import TlsSettings
from monitor.net.trace import Phase, Trace
from tests.certificates import leaf, write_chain, write_root
from tests.servers import free_port, serving
from tests.starttlsservers import SERVERS, slipping_in

pytestmark = [pytest.mark.peers, pytest.mark.xdist_group("starttls")]

# What each server greets with, where its protocol has a greeting.
BANNERS = {
    StartTls.SMTP: r"Python SMTP",
    StartTls.IMAP: r"Dovecot",
    StartTls.POP3: r"Dovecot",
    StartTls.FTP: r"vsFTPd",
    StartTls.MYSQL: r"MariaDB",
    StartTls.SIEVE: r"IMPLEMENTATION",
}


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    folder = tmp_path_factory.mktemp("starttls")
    chain, key = write_chain(folder, "server", leaf(kind="rsa", label="starttls"))
    folder.chmod(0o755)
    return chain, key, write_root(folder)


@pytest.fixture(scope="module", params=StartTls)
def server(request, files):
    """Run the real server of each protocol in turn; yield the protocol and its port."""
    with SERVERS[request.param](*files[:2]) as port:
        yield request.param, port


async def connected(port, protocol, *, trace=None, seconds=10.0, **settings):
    network = Network(resolver=Resolver())
    return await network.connect(
        "127.0.0.1",
        port,
        deadline=time.monotonic() + seconds,
        trace=trace or Trace(),
        starttls=protocol,
        **settings,
    )


def trusting(files, **settings):
    return TlsSettings(ca_file=files[2], server_name="makassarkota.test", **settings)


async def test_every_protocol_goes_over_to_tls(server, files):
    """The chain is verified after the change as it is everywhere, and leave is taken."""
    protocol, port = server
    trace = Trace()

    stream = await connected(port, protocol, trace=trace, tls=trusting(files))
    await farewell(stream, protocol)
    stream.finish()

    assert trace.tls.version in {"TLSv1.2", "TLSv1.3"}
    assert trace.tls.verified_expiry is not None
    assert re.search(BANNERS.get(protocol, "^$"), trace.banner)
    assert list(trace.phases) == [Phase.RESOLVE, Phase.CONNECT, Phase.PROCESSING]


async def test_a_wrong_name_is_refused_behind_the_change_too(server, files):
    """What a certificate must bear is looked at as in any handshake."""
    protocol, port = server
    settings = TlsSettings(ca_file=files[2], server_name="other.test")

    with pytest.raises(NetError) as caught:
        await connected(port, protocol, tls=settings)

    # Prosody knows its own hosts only, and says so before TLS.
    wanted = Kind.STARTTLS if protocol is StartTls.XMPP else Kind.TLS_HOSTNAME
    assert caught.value.failure.kind is wanted


async def test_words_slipped_in_before_tls_are_no_tls():
    """Where anything stands behind the agreement in the clear, no handshake is begun."""
    heard = SimpleQueue()
    with serving(slipping_in(heard)) as port:
        with pytest.raises(NetError) as caught:
            await connected(port, StartTls.SMTP, tls=TlsSettings(insecure=True))
        after = heard.get(timeout=5)

    assert caught.value.failure.kind is Kind.STARTTLS
    assert "16 more bytes in the clear" in caught.value.failure.detail
    assert after == b""


async def test_a_server_that_says_nothing_times_out():
    """A greeting that never comes is a timeout, and the connection an answer."""

    def silent(connection):
        connection.recv(1)

    with serving(silent) as port, pytest.raises(NetError) as caught:
        await connected(port, StartTls.SMTP, seconds=1.0, tls=TlsSettings())

    assert (caught.value.failure.kind, caught.value.answered) == (Kind.TIMEOUT, True)
    assert "no answer from" in caught.value.failure.detail


@pytest.mark.parametrize("protocol", StartTls)
async def test_a_port_of_tls_alone_is_told(files, protocol):
    """A server that expects a handshake at once hears words, and closes or says nothing."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*files[:2])

    def wait(connection):
        connection.recv(1)

    with serving(wait, tls=context) as port, pytest.raises(NetError) as caught:
        await connected(port, protocol, seconds=1.0, tls=trusting(files))

    assert caught.value.failure.kind in {Kind.STARTTLS, Kind.TIMEOUT, Kind.CONNECT_RESET}


async def test_a_closed_port_is_refused():
    """Nothing is said where nobody listens."""
    with pytest.raises(NetError) as caught:
        await connected(free_port(), StartTls.IMAP)

    assert caught.value.failure.kind is Kind.CONNECT_REFUSED
