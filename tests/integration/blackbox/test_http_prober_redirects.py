"""Redirects: which ones the HTTP prober follows, and what is told of those that it does not."""

import pytest

from monitor.domain.observation import FailureKind as Kind
from tests.certificates import leaf, write_chain, write_root
from tests.integration.blackbox.probing import by_path, moved, names, numbers, probed
from tests.servers import answering, free_port, ok, server_context, serving


@pytest.fixture
def trust(tmp_path):
    return {"ca_file": str(write_root(tmp_path))}


@pytest.fixture
def present(tmp_path):
    def make(issued=None):
        return server_context(*write_chain(tmp_path, "server", issued or leaf()))

    return make


async def test_a_certificate_on_the_way_is_not_the_last_ones(trust, present):
    """After a redirect from https to http no certificate is told: the last response had none."""
    with (
        serving(answering(ok())) as plain,
        serving(answering(moved(f"http://127.0.0.1:{plain}/")), tls=present()) as port,
    ):
        found = await probed("http", f"https://127.0.0.1:{port}", tls_config=trust)

    assert found.success
    assert not {name for name in names(found) if "_ssl_" in name or "_tls_" in name}
    assert numbers(found)["probe_http_redirects"] == 1


async def test_a_redirect_that_is_not_followed():
    """Without following the redirect is the answer, its body unread."""
    with serving(answering(moved("/"))) as port:
        found = await probed("http", f"127.0.0.1:{port}", follow_redirects=False)
        right = await probed(
            "http", f"127.0.0.1:{port}", follow_redirects=False, valid_status_codes=[302]
        )

    values = numbers(found)
    assert found.outcome.failure.kind is Kind.STATUS
    assert values["probe_http_redirects"] == 1
    assert values["probe_http_uncompressed_body_length"] == 0
    assert values["probe_http_content_length"] == 4
    assert right.success


async def test_no_rule_passes_on_a_body_that_is_not_read():
    """Rules for the body of a redirect that is not followed fail, as they always did."""
    with serving(answering(moved("/", body=b"gone"))) as port:
        found = await probed(
            "http",
            f"127.0.0.1:{port}",
            follow_redirects=False,
            valid_status_codes=[302],
            fail_if_body_matches_regexp=["never"],
        )

    assert not found.success
    assert numbers(found)["probe_failed_due_to_regex"] == 1


async def test_ten_redirects_and_one_more():
    """The eleventh redirect ends it: it counts, and its own status is told."""
    with serving(answering(moved("/again"))) as port:
        found = await probed("http", f"127.0.0.1:{port}")

    values = numbers(found)
    assert values["probe_http_redirects"] == 11
    assert values["probe_http_status_code"] == 302
    assert values["probe_failure_info{redirect_loop}"] == 1


async def test_a_redirect_to_nobody():
    """Where the last hop has no answer there is no status, and no time of transfer."""
    with serving(answering(moved(f"http://127.0.0.1:{free_port()}/"))) as port:
        found = await probed("http", f"127.0.0.1:{port}")

    values = numbers(found)
    assert values["probe_http_redirects"] == 1
    assert values["probe_http_status_code"] == 0
    assert values["probe_http_duration_seconds{transfer}"] == 0
    assert values["probe_failure_info{connect_refused}"] == 1


@pytest.mark.parametrize(("location", "count"), [("http://%zz/", 0), ("ftp://a.test/", 1)])
async def test_a_redirect_that_leads_nowhere(location, count):
    """A Location that is no URL, and counts as none, or is none of HTTP ends it unanswered."""
    with serving(answering(moved(location))) as port:
        found = await probed("http", f"127.0.0.1:{port}")

    values = numbers(found)
    assert values["probe_http_redirects"] == count
    assert values["probe_http_status_code"] == 0
    assert values["probe_failure_info{redirect_refused}"] == 1


async def test_a_redirect_may_lead_to_http(trust, present):
    """From https to http is followed, and `fail_if_not_ssl` looks at where it ended."""
    with (
        serving(answering(ok())) as plain,
        serving(answering(moved(f"http://127.0.0.1:{plain}/")), tls=present()) as port,
    ):
        target = f"https://127.0.0.1:{port}"
        found = await probed("http", target, tls_config=trust, fail_if_not_ssl=True)

    assert found.outcome.failure.kind is Kind.TLS_PROTOCOL
    assert numbers(found)["probe_http_status_code"] == 200


async def test_own_headers_go_along_but_credentials_do_not():
    """On a redirect to another host own headers are sent again, an Authorization is not."""
    elsewhere, asked = by_path(root=ok())
    with (
        serving(elsewhere, host="127.0.0.2") as other,
        serving(answering(moved(f"http://127.0.0.2:{other}/"))) as port,
    ):
        found = await probed(
            "http", f"127.0.0.1:{port}", headers={"X-Probe": "1"}, bearer_token="t0ken"
        )

    assert found.success
    assert "X-Probe: 1\r\n" in asked[0]
    assert "t0ken" not in asked[0]
