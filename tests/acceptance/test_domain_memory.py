"""What a registry said is kept over restarts and crashes: it is asked once a day all the same."""

import pytest

from tests.acceptance.conftest import Hire
from tests.daemon import eventually, services
from tests.registries import Registry, a_domain, octets
from tests.servers import serving

_NAMES = ("kota.test", "tanpa-tanggal.test")
_EXPIRY = "pantau_domain_expiry_timestamp_seconds"


@pytest.mark.slow
def test_a_registry_is_asked_once_over_restarts(hire: Hire) -> None:
    """Every run of a check judges what was learned once, before a crash too: also where the
    registry gave no date, and the check is unknown.
    """
    registry = Registry(_answer)
    with serving(registry) as port:
        daemon = hire()
        daemon.site.write(
            services(_NAMES),
            [
                {
                    "id": name,
                    "service": name,
                    "type": "domain",
                    "domain": name,
                    "rdap_server": f"http://127.0.0.1:{port}/",
                }
                for name in _NAMES
            ],
            interval="1s",
            timeout="1s",
            retry_interval="1s",
        )
        for end in (daemon.kill, daemon.terminate):
            daemon.start()
            eventually(lambda: _runs(daemon) >= {3.0}, 20, "both checks ran again and again")
            shown = daemon.metrics(_EXPIRY)
            status = daemon.metrics("pantau_check_status")
            end()

            assert ["kota" in labels for labels in shown] == [True]
            assert sorted(status.values()) == [1.0, 3.0]

    asked = [head.split()[1].decode().removeprefix("/domain/") for head in registry.asked]
    assert sorted(asked) == sorted(_NAMES), "a registry was asked again"


def _runs(daemon) -> set[float]:
    return {min(count, 3.0) for count in daemon.metrics("pantau_check_runs_total").values()}


def _answer(head: bytes) -> bytes:
    name = head.split()[1].decode().removeprefix("/domain/")
    return octets(a_domain(ldhName=name, expires=(200,) if name.startswith("kota") else ()))
