"""Twenty ways to break a configuration, each as a change of files that were fine."""

from collections.abc import Callable
from pathlib import Path

Break = Callable[[Path], None]


def _checks(change: Callable[[str], str]) -> Break:
    def apply(folder: Path) -> None:
        path = folder / "checks.yaml"
        path.write_text(change(path.read_text()))

    return apply


def _replaced(old: str, new: str) -> Break:
    def change(text: str) -> str:
        assert old in text, old
        return text.replace(old, new, 1)

    return _checks(change)


def _added(line: str) -> Break:
    return _checks(lambda text: text + line + "\n")


def _written(name: str, octets: bytes) -> Break:
    def apply(folder: Path) -> None:
        (folder / name).write_bytes(octets)

    return apply


def _unlinked(folder: Path) -> None:
    (folder / "checks.yaml").unlink()


_CHECK = '  - {"id": "baru", "service": "layanan-00", "type": "http", "url": "http://127.0.0.1/"'

BREAKS: dict[str, Break] = {
    "unknown key": _replaced('"type": "http"', '"type": "http", "intervall": "1s"'),
    "key twice": _replaced('"type": "http"', '"type": "http", "type": "http"'),
    "id twice": _added(_CHECK.replace("baru", "layanan-01") + "}"),
    "unknown type": _added(_CHECK.replace('"http"', '"htpp"') + "}"),
    "unknown service": _added(_CHECK.replace("layanan-00", "tak-ada") + "}"),
    "no service": _added('  - {"id": "baru", "type": "http", "url": "http://127.0.0.1/"}'),
    "no url": _added('  - {"id": "baru", "service": "layanan-00", "type": "http"}'),
    "bad url": _added(_CHECK.replace("http://127.0.0.1/", "http://a b/") + "}"),
    "interval without unit": _replaced('"interval": "1s"', '"interval": "1"'),
    "timeout over interval": _replaced('"timeout": "1s"', '"timeout": "2s"'),
    "threshold of nothing": _replaced('"failure_threshold": 1', '"failure_threshold": 0'),
    "wrong version": _replaced("version: 1", "version: 7"),
    "cut in the middle": _checks(lambda text: text[: len(text) // 2]),
    "brace left open": _added('  - {"id": "baru"'),
    "bad indentation": _added("   baru: 1"),
    "alias bomb": _added("x: &a [1]\ny: [" + ", ".join(["*a"] * 20_000) + "]"),
    "deep nesting": _added("x: " + "[" * 20_000),
    "no UTF-8": _written("checks.yaml", b"version: 1\nservices: \xff\xfe\n"),
    "missing file": _unlinked,
    "broken receiver": _written(
        "config/alerts.yaml", b"receivers:\n  - {name: oncall, type: webhook, url: nowhere}\n"
    ),
}
