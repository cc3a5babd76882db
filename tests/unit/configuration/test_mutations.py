import time

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from monitor.configuration import Config, ConfigError
from tests.unit.configuration.places import CITY, HEAD, loaded, written

ORIGINAL = CITY.read_bytes()
SECONDS = 1.0


def verdict(folder, octets):
    """Load `octets` as checks.yaml; return the Config or the ConfigError, and the seconds of CPU."""
    path = folder / "checks.yaml"
    path.write_bytes(octets)
    start = time.process_time()
    try:
        result = loaded(path)
    except ConfigError as error:
        result = error
    return result, time.process_time() - start


def is_sound(result):
    if isinstance(result, ConfigError):
        return bool(result.problems) and all(
            each.file and each.line >= 1 and each.column >= 1 and "\n" not in each.message
            for each in result.problems
        )
    return isinstance(result, Config)


def mutated():
    place = st.integers(0, len(ORIGINAL))
    cut = st.builds(lambda a, b: ORIGINAL[: min(a, b)] + ORIGINAL[max(a, b) :], place, place)
    flipped = st.builds(
        lambda at, octet: ORIGINAL[:at] + bytes([octet]) + ORIGINAL[at + 1 :],
        place,
        st.integers(0, 255),
    )
    pieces = [
        "*a",
        "&a ",
        "<<: ",
        "!!x ",
        "? ",
        "[",
        "{",
        "- ",
        ": ",
        "\t",
        "'",
        '"',
        "|",
        "\n",
        "%",
    ]
    words = ["null", "true", "1e999", ".nan", "\u2028", "\ud7ff", "9" * 50, "-1", "0x", "*", "#"]
    put = st.builds(
        lambda at, text: ORIGINAL[:at] + text.encode() + ORIGINAL[at:],
        place,
        st.sampled_from([*pieces, *words]),
    )
    swapped = st.builds(
        lambda word, by: ORIGINAL.replace(word, by, 1),
        st.sampled_from(sorted(set(ORIGINAL.split()))),
        st.sampled_from(
            [b"[]", b"{}", b"null", b"1", b"x", b"-1", b"1.5", b"[[]]", b"{a: b}", b"on"]
        ),
    )
    return st.one_of(cut, flipped, put, swapped)


@given(octets=mutated())
@settings(
    max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_mutated_file(tmp_path, octets):
    """Whatever became of a file, the loader gives a Config, or a ConfigError with places."""
    result, seconds = verdict(tmp_path, octets)

    assert is_sound(result)
    assert seconds < SECONDS


HOSTILE = {
    "lists": b"[" * 20_000,
    "closed lists": b"[" * 20_000 + b"]" * 20_000,
    "mappings": b"{a: " * 20_000,
    "block lists": b"- " * 20_000,
    "keys": b"? " * 20_000,
    "stairs": b"".join(b" " * depth + b"a:\n" for depth in range(2_000)),
    "aliases": b"a: &a [x]\nb: [" + b"*a," * 300_000 + b"]\n",
    "bomb": b"a0: &a0 x\n" + b"".join(
        f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]\n".encode() for n in range(1, 20)
    ),
    "bomb of checks": HEAD.encode() + b"checks: &c [&d {id: a, x: &e [1,2,3,4,5,6,7,8,9]}, "
    + b"*d, " * 40_000 + b"]\n",
    "many values": b"checks: [" + b"x," * 1_500_000 + b"]\n",
    "many unknown keys": b"".join(b"key-%d: x\n" % n for n in range(20_000)),
    "one long key": b"a" * 3_000_000 + b": x\n",
    "one long text": b"version: '" + b"\n" * 3_000_000 + b"'\n",
    "comments": b"#\n" * 2_000_000,
    "long number": b"version: " + b"9" * 3_000_000,
    "long pattern": HEAD.encode() + b"checks:\n  - {id: a, service: portal, type: http, url: 'http://a/', "
    b"expect: {body_matches: '" + b"(a{1,1000}){1,1000}" * 50 + b"'}}\n",
    "long url": HEAD.encode() + b"checks:\n  - {id: a, service: portal, type: http, url: 'http://"
    + b"a." * 100_000 + b"'}\n",
    "5 MB": b"#" * 5_000_000,
}  # fmt: skip


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_file(tmp_path, name):
    """Depth, aliases and mere size cost less than a second and no stack."""
    result, seconds = verdict(tmp_path, HOSTILE[name])

    print(f"{name}: {seconds:.3f} s of CPU")
    assert isinstance(result, ConfigError) or name == "comments"
    assert is_sound(result)
    assert seconds < SECONDS, result


def test_long_circle_of_services(tmp_path):
    """A circle of thousands of services needs no stack."""
    count = 5_000
    services = "".join(
        f"  - {{id: s{n}, name: S, owner: o, depends_on: [s{(n + 1) % count}]}}\n"
        for n in range(count)
    )

    with pytest.raises(ConfigError, match="in a circle"):
        loaded(written(tmp_path, "services:\n" + services))
