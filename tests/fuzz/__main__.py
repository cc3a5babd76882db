"""Fuzz one parser with coverage as the guide: `python -m tests.fuzz NAME SECONDS FOLDER`.

New inputs that reach something new are kept in FOLDER; so is one that broke the parser.
"""

import sys
import time
from collections.abc import Callable
from pathlib import Path

import atheris

with atheris.instrument_imports(include=["monitor", "httptools", "dns"]):
    from tests.fuzz.parsers import parsers

_CPU_SECONDS = 1.0
# By the wall clock, which a busy machine stretches: only for an input that never ends.
_HANG_SECONDS = 30


def main(name: str, seconds: str, folder: str) -> None:
    """Run until the time is up, or an input raises, takes over a second of CPU or over 1 GB."""
    parser, place = parsers()[name], Path(folder)
    for number, seed in enumerate(parser.seeds):
        (place / f"seed-{number}").write_bytes(seed)
    limits = [
        f"-timeout={_HANG_SECONDS}",
        "-rss_limit_mb=1024",
        "-max_len=65536",
        f"-artifact_prefix={place}/",
    ]
    atheris.Setup(
        [sys.argv[0], f"-max_total_time={seconds}", *limits, str(place)], _timed(parser.read)
    )
    atheris.Fuzz()


def _timed(read: Callable[[bytes], bool]) -> Callable[[bytes], None]:
    def timed(octets: bytes) -> None:
        began = time.process_time()
        read(octets)
        spent = time.process_time() - began
        assert spent < _CPU_SECONDS, f"{spent:.1f} s of CPU for {len(octets)} bytes"

    return timed


if __name__ == "__main__":
    main(*sys.argv[1:])
