"""A certificate that expires soon: told before it is an outage, and until it is renewed."""

import os
from pathlib import Path

import pytest

from monitor.net.kernelclock import in_step, up_seconds
from tests.acceptance.conftest import Hire
from tests.acceptance.messages import body, distinct, kinds
from tests.certificates import leaf, write_chain, write_root
from tests.collector import Collector
from tests.daemon import eventually, services
from tests.servers import answering, ok, server_context, serving


@pytest.mark.skipif(
    os.geteuid() != 0 and up_seconds() < 3600 and in_step() is False,
    reason="the machine was just started, and no time server keeps its clock: dates wait",
)
def test_told_once_and_until_it_is_renewed(
    hire: Hire, collector: Collector, tmp_path: Path
) -> None:
    """Its stage is told once, a kill after it included, then that another one took its place; all
    the while its service has no outage.
    """
    old = write_chain(tmp_path, "old", leaf(days=(-9, 5.5), label="old"))
    new = write_chain(tmp_path, "new", leaf(days=(-1, 89.5), label="new"))
    context = server_context(*old)
    daemon = hire()
    with serving(answering(ok()), tls=context) as port:
        check = {
            "id": "portal-tls",
            "service": "portal",
            "type": "tls",
            "host": "127.0.0.1",
            "port": port,
            "ca_file": str(write_root(tmp_path)),
            "interval": "1s",
        }
        daemon.site.write(services(["portal"]), [check])
        daemon.site.write_alerts({"oncall": collector.url})
        daemon.start()
        collector.wait_for(1, 15)
        daemon.kill()
        daemon.start()
        context.load_cert_chain(*new)
        # A message that was under way at the kill comes a second time.
        eventually(lambda: len(distinct(collector.received)) >= 2, 15, "the renewal is told")

    assert kinds(collector.received) == ["alert.firing", "alert.resolved"]
    first, last = (body(each) for each in distinct(collector.received))
    assert first["incident"]["concern"] == "expiry"
    assert (first["incident"]["expiry"]["of"], first["incident"]["expiry"]["stage_days"]) == (
        "certificate",
        7,
    )
    assert first["checks"][0]["failure"]["kind"] == "expires_soon"
    assert "habis masa berlaku dalam" in first["summary"]["id"]
    assert last["incident"]["expiry"]["renewed_until"] is not None
    assert last["incident"]["id"] == first["incident"]["id"]
