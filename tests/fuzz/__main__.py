"""Fuzz one parser with coverage as the guide: `python -m tests.fuzz NAME SECONDS FOLDER`.

New inputs that reach something new are kept in FOLDER; so is one that broke the parser.
"""

import sys
from pathlib import Path

import atheris

with atheris.instrument_imports(include=["monitor", "httptools", "dns"]):
    from tests.fuzz.parsers import parsers


def main(name: str, seconds: str, folder: str) -> None:
    """Run until the time is up, or an input raises, takes over a second or over 1 GB."""
    parser, place = parsers()[name], Path(folder)
    for number, seed in enumerate(parser.seeds):
        (place / f"seed-{number}").write_bytes(seed)
    limits = ["-timeout=1", "-rss_limit_mb=1024", "-max_len=65536", f"-artifact_prefix={place}/"]
    atheris.Setup([sys.argv[0], f"-max_total_time={seconds}", *limits, str(place)], parser.read)
    atheris.Fuzz()


if __name__ == "__main__":
    main(*sys.argv[1:])
