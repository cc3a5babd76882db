import json
import subprocess
import sys
import time

from tests.unit.configuration.places import CITY, loaded, written

COUNT = 2_000
SECONDS_OF_CPU = 2.0 * COUNT / 10_000


def test_ten_thousand_checks_in_two_seconds(tmp_path):
    """Ten thousand checks are loaded in under two seconds of CPU; a fifth stands for them here."""
    checks = "".join(
        f"  - id: check-{n}\n    service: s\n    type: http\n    url: https://host-{n}.example/path\n"
        "    interval: 30s\n    degraded_over: 3s\n"
        "    expect: {status: [200-299], body_contains: Makassar}\n"
        for n in range(COUNT)
    )
    path = written(tmp_path, f"services: [{{id: s, name: S, owner: o}}]\nchecks:\n{checks}")

    # The best of three: what the machine does beside it only adds.
    seconds = min(load_seconds(path) for _ in range(3))

    print(f"{COUNT} checks: {seconds:.3f} s of CPU")
    assert seconds < SECONDS_OF_CPU


def load_seconds(path):
    start = time.process_time()
    assert len(loaded(path).checks) == COUNT
    return time.process_time() - start


PROGRAM = """
import json, resource, sys
from pathlib import Path
from monitor.configuration import ConfigError, load
try:
    load(Path(sys.argv[1]), {}, {})
except ConfigError:
    pass  # without types, every check is one of an unknown type
usage = resource.getrusage(resource.RUSAGE_SELF)
print(json.dumps([usage.ru_utime + usage.ru_stime, sorted(sys.modules)]))
"""


def test_loading_imports_little():
    """`pantau validate` needs no network library, no TLS and no event loop."""
    _, modules = imported()

    heavy = {"httpx", "dns", "cryptography", "ssl", "asyncio", "sqlalchemy", "re2", "idna"}
    assert not heavy & set(modules)
    assert not [name for name in modules if name.startswith("monitor.net")]


def test_loading_starts_quickly():
    """Importing the loader and reading a city's files takes under 0.6 s of CPU."""
    seconds = min(imported()[0] for _ in range(3))

    print(f"import and load: {seconds:.3f} s of CPU")
    assert seconds < 0.6


def imported():
    result = subprocess.run(
        [sys.executable, "-c", PROGRAM, str(CITY)], capture_output=True, check=True, text=True
    )
    return json.loads(result.stdout)
