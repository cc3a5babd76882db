"""The HTTP prober against servers on loopback: which numbers there are, and what they say."""

import gzip
import ssl

import pytest

from monitor.domain.observation import FailureKind as Kind
from monitor.domain.observation import OutcomeStatus, UnknownCause
from tests.certificates import issue, leaf, write_chain, write_root
from tests.integration.blackbox.probing import by_path, names, numbers, probed, steps
from tests.servers import answering, free_port, nginx, ok, server_context, serving

COMMON = {"probe_success", "probe_duration_seconds", "probe_timeout_seconds"}
ADDRESS = {"probe_dns_lookup_time_seconds", "probe_ip_protocol", "probe_ip_addr_hash"}
HTTP = {
    "probe_http_status_code",
    "probe_http_content_length",
    "probe_http_uncompressed_body_length",
    "probe_http_redirects",
    "probe_http_ssl",
    "probe_http_version",
    "probe_failed_due_to_regex",
}
DURATION = {"probe_http_duration_seconds"}
SSL = {
    "probe_ssl_earliest_cert_expiry",
    "probe_ssl_last_chain_info",
    "probe_ssl_last_chain_expiry_timestamp_seconds",
    "probe_tls_version_info",
    "probe_tls_cipher_info",
}
FAILED = {"probe_failure_info"}
PHASES = ("connect", "processing", "resolve", "tls", "transfer")


@pytest.fixture
def trust(tmp_path):
    return {"ca_file": str(write_root(tmp_path))}


@pytest.fixture
def present(tmp_path):
    def make(issued=None):
        return server_context(*write_chain(tmp_path, "server", issued or leaf()))

    return make


async def test_a_good_answer():
    """A good answer has every number, all phases, and no reason for a failure."""
    with serving(answering(ok(b"hello"))) as port:
        found = await probed("http", f"127.0.0.1:{port}")

    values = numbers(found)
    assert names(found) == COMMON | ADDRESS | HTTP | DURATION
    assert values["probe_success"] == 1
    assert values["probe_http_status_code"] == 200
    assert values["probe_http_content_length"] == 5
    assert values["probe_http_uncompressed_body_length"] == 5
    assert values["probe_http_version"] == 1.1
    assert values["probe_ip_addr_hash"] == 3668918509
    assert {f"probe_http_duration_seconds{{{phase}}}" for phase in PHASES} <= values.keys()
    assert values["probe_http_duration_seconds{resolve}"] > 0


async def test_no_answer_leaves_zeros():
    """Where nobody listens the numbers are there, as zeros, and the kind says why."""
    found = await probed("http", f"127.0.0.1:{free_port()}")

    values = numbers(found)
    assert names(found) == COMMON | ADDRESS | HTTP | DURATION | FAILED
    assert values["probe_failure_info{connect_refused}"] == 1
    assert values["probe_http_status_code"] == values["probe_http_version"] == 0
    assert values["probe_http_duration_seconds{transfer}"] == 0
    assert found.outcome.failure.kind is Kind.CONNECT_REFUSED


async def test_no_address_has_only_the_phase_of_resolving():
    """Without an address only `resolve` has a duration, and the address is 0."""
    found = await probed("http", "http://[::1]/", ip_protocol_fallback=False)

    values = numbers(found)
    assert [key for key in values if key.startswith("probe_http_duration")] == [
        "probe_http_duration_seconds{resolve}"
    ]
    assert values["probe_ip_protocol"] == values["probe_ip_addr_hash"] == 0


async def test_no_url_has_no_phase_and_no_address():
    """A target that is no URL was never looked up."""
    found = await probed("http", "http://%zz")

    assert names(found) == COMMON | HTTP | FAILED


async def test_certificates_are_told(trust, present):
    """Over TLS the certificate, the version and the cipher are told."""
    with serving(answering(ok()), tls=present()) as port:
        found = await probed("http", f"https://127.0.0.1:{port}", tls_config=trust)

    assert found.success
    assert names(found) == COMMON | ADDRESS | HTTP | DURATION | SSL
    assert numbers(found)["probe_http_ssl"] == 1


async def test_the_log_tells_which_way_tls_was_wrong(trust, present):
    """Whether TLS was missing or unwanted is told in words that fit."""
    with serving(answering(ok())) as port:
        plain = await probed("http", f"http://127.0.0.1:{port}", fail_if_not_ssl=True)
    with serving(answering(ok()), tls=present()) as port:
        url = f"https://127.0.0.1:{port}"
        secure = await probed("http", url, tls_config=trust, fail_if_ssl=True)

    assert 'msg="Final request was not over SSL"' in steps(plain)
    assert 'msg="Final request was over SSL"' in steps(secure)


async def test_an_expired_certificate_is_told_all_the_same(trust, present):
    """When verification fails the certificate's dates are there, but no chain and no version."""
    with serving(answering(ok()), tls=present(leaf(days=(-10, -1)))) as port:
        found = await probed("http", f"https://127.0.0.1:{port}", tls_config=trust)

    values = numbers(found)
    assert values["probe_failure_info{tls_expired}"] == 1
    assert values["probe_ssl_earliest_cert_expiry"] > 0
    assert "probe_ssl_last_chain_expiry_timestamp_seconds" not in values
    assert "probe_tls_version_info" not in names(found)
    assert values["probe_http_ssl"] == values["probe_http_status_code"] == 0


async def test_an_unverified_chain_has_no_expiry(present):
    """Without verification there is no verified chain, and no date of one."""
    insecure = {"insecure_skip_verify": True}
    with serving(answering(ok()), tls=present(issue(names=("a.test",)))) as port:
        found = await probed("http", f"https://127.0.0.1:{port}", tls_config=insecure)

    assert found.success
    assert names(found) & SSL == SSL - {"probe_ssl_last_chain_expiry_timestamp_seconds"}


async def test_long_lists_of_names_are_told_whole(trust, present):
    """The label of the alternative names is not cut: dashboards look for a name in it."""
    domains = tuple(f"host-{number:03d}.makassarkota.test" for number in range(60))
    with serving(answering(ok()), tls=present(leaf(names=("127.0.0.1", *domains)))) as port:
        found = await probed("http", f"https://127.0.0.1:{port}", tls_config=trust)

    (info,) = [one for one in found.measurements if one.name == "probe_ssl_last_chain_info"]
    assert dict(info.labels)["subjectalternative"] == ",".join(domains)


async def test_hostname_is_the_host_and_the_name_of_the_certificate(trust, present):
    """`hostname` asks a server at an address for another of its sites."""
    handle, asked = by_path(root=ok())
    with serving(handle, tls=present(leaf(names=("portal.test",)))) as port:
        target = f"https://127.0.0.1:{port}"
        without = await probed("http", target, tls_config=trust)
        found = await probed("http", target, tls_config=trust, hostname="portal.test")

    assert without.outcome.failure.kind is Kind.TLS_HOSTNAME
    assert found.success
    assert "Host: portal.test\r\n" in asked[-1]


async def test_a_broken_rule_sets_the_regex_gauge():
    """A header or a body that breaks a rule sets probe_failed_due_to_regex; a status does not."""
    with serving(answering(ok(b"Makassar", "X-A: one"))) as port:
        target = f"127.0.0.1:{port}"
        body = await probed("http", target, fail_if_body_matches_regexp=["Mak"])
        header = await probed(
            "http", target, fail_if_header_matches=[{"header": "x-a", "regexp": "^one$"}]
        )
        missing = await probed(
            "http", target, fail_if_header_not_matches=[{"header": "x-b", "regexp": "."}]
        )
        allowed = await probed(
            "http",
            target,
            fail_if_header_not_matches=[{"header": "x-b", "regexp": ".", "allow_missing": True}],
        )
        status = await probed(
            "http", target, valid_status_codes=[204], fail_if_body_matches_regexp=["Mak"]
        )

    regex = [
        numbers(one)["probe_failed_due_to_regex"]
        for one in (body, header, missing, allowed, status)
    ]
    assert regex == [1, 1, 1, 0, 0]
    assert [body.success, header.success, missing.success, allowed.success] == [False] * 3 + [True]


async def test_bodies_larger_than_any_buffer_are_counted():
    """Without rules a body is counted to its end, without being kept."""
    body = b"x" * 5_000_000
    with serving(answering(ok(body))) as port:
        found = await probed("http", f"127.0.0.1:{port}")

    assert found.success
    assert numbers(found)["probe_http_uncompressed_body_length"] == len(body)


async def test_a_body_over_its_limit():
    """`body_size_limit` fails the probe, and is the length that is told."""
    with serving(answering(ok(b"x" * 5000))) as port:
        found = await probed("http", f"127.0.0.1:{port}", body_size_limit="1KB")

    assert found.outcome.failure.kind is Kind.TOO_LARGE
    assert numbers(found)["probe_http_uncompressed_body_length"] == 1024


async def test_a_body_is_decoded_only_as_the_module_says():
    """Without `compression` rules look at what came; with it, at what it decodes to."""
    packed = gzip.compress(b"Makassar " * 50)
    rule = {"fail_if_body_not_matches_regexp": ["Makassar"]}
    with serving(answering(ok(packed, "Content-Encoding: gzip"))) as port:
        raw = await probed("http", f"127.0.0.1:{port}", **rule)
        decoded = await probed("http", f"127.0.0.1:{port}", compression="gzip", **rule)

    assert numbers(raw)["probe_http_uncompressed_body_length"] == len(packed)
    assert not raw.success
    assert numbers(decoded)["probe_http_uncompressed_body_length"] == 450
    assert decoded.success


async def test_an_upgrade_that_was_asked_for_is_an_answer():
    """A 101 is right where the module asks for an upgrade and expects one."""
    headers = {"Connection": "Upgrade", "Upgrade": "websocket", "Sec-WebSocket-Version": "13"}
    switched = b"HTTP/1.1 101 S\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n\x81\x00"
    with serving(answering(switched)) as port:
        target = f"127.0.0.1:{port}"
        found = await probed("http", target, headers=headers, valid_status_codes=[101])
        unasked = await probed("http", target, valid_status_codes=[101])

    assert found.success
    assert unasked.outcome.failure.kind is Kind.PROTOCOL


async def test_secrets_and_bodies_are_in_no_step_and_no_failure():
    """What a module keeps secret is told nowhere, also where a target repeats it."""
    handle = answering(ok(b"you said: t0ken-t0ken and pass-word"))
    with serving(handle) as port:
        found = await probed(
            "http",
            f"http://ops:pass-word@127.0.0.1:{port}/?key=k3y",
            bearer_token="t0ken-t0ken",
            fail_if_body_matches_regexp=["you said"],
        )

    assert not found.success
    text = steps(found) + found.outcome.failure.detail + str(found.outcome.facts)
    assert "t0ken-t0ken" not in text
    assert "pass-word" not in text
    assert "k3y" not in text


async def test_a_body_file_that_is_not_there_is_our_fault(tmp_path):
    """Without its `body_file` nothing was asked: nothing is known of the target."""
    found = await probed("http", "127.0.0.1:1", body_file=str(tmp_path / "none"), method="POST")

    assert not found.success
    assert found.outcome.status is OutcomeStatus.UNKNOWN
    assert found.outcome.cause is UnknownCause.LOCAL


async def test_addresses_that_are_never_dialled():
    """The address policy holds for probes as well: metadata services are out of reach."""
    found = await probed("http", "http://169.254.169.254/latest/meta-data")

    assert found.outcome.failure.kind is Kind.REFUSED_BY_POLICY


async def test_tls_versions_of_the_module(trust, present):
    """`min_version` and `max_version` bound what is spoken."""
    context = present()
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    with serving(answering(ok()), tls=context) as port:
        target = f"https://127.0.0.1:{port}"
        found = await probed("http", target, tls_config=trust)
        refused = await probed("http", target, tls_config=trust | {"min_version": "TLS13"})

    assert "probe_tls_version_info{TLS 1.2}" in numbers(found)
    assert refused.outcome.failure.kind is Kind.TLS_PROTOCOL


@pytest.mark.peers
async def test_http2_is_spoken_where_it_is_chosen(tmp_path, trust):
    """HTTP/2 is offered unless the module forbids it, and counts as version 2."""
    port = free_port()
    chain, key = write_chain(tmp_path, "nginx", leaf())
    site = f"""server {{ listen 127.0.0.1:{port} ssl http2; ssl_certificate {chain};
        ssl_certificate_key {key}; location / {{ return 200 "Makassar"; }} }}"""
    rule = {"fail_if_body_not_matches_regexp": ["^Makassar$"]}
    with nginx(tmp_path, site, [port]):
        target = f"https://127.0.0.1:{port}"
        two = await probed(
            "http", target, tls_config=trust, valid_http_versions=["HTTP/2.0"], **rule
        )
        one = await probed("http", target, tls_config=trust, enable_http2=False, **rule)

    assert (two.success, numbers(two)["probe_http_version"]) == (True, 2)
    assert (one.success, numbers(one)["probe_http_version"]) == (True, 1.1)


async def test_conditions_in_cel():
    """A CEL rule that is broken sets probe_failed_due_to_cel, which only such modules have."""
    pytest.importorskip("celpy")
    with serving(answering(ok(b'{"status": "DOWN"}'))) as port:
        target = f"127.0.0.1:{port}"
        down = await probed("http", target, fail_if_body_json_matches_cel="body.status == 'DOWN'")
        up = await probed("http", target, fail_if_body_json_not_matches_cel="body.status == 'UP'")
        fine = await probed("http", target, fail_if_body_json_matches_cel="body.status == 'UP'")
        without = await probed("http", target)

    cel = [numbers(one)["probe_failed_due_to_cel"] for one in (down, up, fine)]
    assert cel == [1, 1, 0]
    assert [down.success, up.success, fine.success] == [False, False, True]
    assert "probe_failed_due_to_cel" not in names(without)
