"""Write the files that are made from the code, or with --check tell which of them are stale.

Run by `make generate` and `make check`. To add a file, add its page to PAGES.
"""

import difflib
import inspect
import json
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import pairwise
from pathlib import Path
from typing import Any

Schema = dict[str, Any]

ROOT = Path(__file__).resolve().parent.parent
SCHEMA_FOLDER = Path("config/schema")
DASHBOARD_FOLDER = Path("deploy/grafana/dashboards")
NOTICE = "<!-- Made from the code by `make generate`: edit the code, not this page. -->"


def main(arguments: list[str]) -> int:
    """Write what has changed, or print the difference and return 1 if --check is given."""
    stale = [(path, text) for path, text in generated().items() if stored(path) != text] + [
        (path, "") for path in orphans()
    ]
    if "--check" in arguments:
        for path, text in stale:
            sys.stdout.writelines(difference(path, text))
        return 1 if stale else 0
    for path, text in stale:
        write(path, text)
    return 0


def generated() -> dict[Path, str]:
    """Return every generated file's text by its path in the repository."""
    pages = {Path(path): page() for path, page in PAGES.items()}
    return schema_files() | dashboards() | pages


def orphans() -> list[Path]:
    """Return the schemas and dashboards that no code makes any more."""
    kept = schema_files() | dashboards()
    stored = [*(ROOT / SCHEMA_FOLDER).glob("*.json"), *(ROOT / DASHBOARD_FOLDER).rglob("*.json")]
    found = (path.relative_to(ROOT) for path in stored)
    return sorted(path for path in found if path not in kept)


def stored(path: Path) -> str | None:
    file = ROOT / path
    return file.read_text(encoding="utf-8") if file.exists() else None


def difference(path: Path, text: str) -> Iterator[str]:
    before = (stored(path) or "").splitlines(keepends=True)
    return difflib.unified_diff(before, text.splitlines(keepends=True), str(path), "generated")


def write(path: Path, text: str) -> None:
    if not text:
        (ROOT / path).unlink()
        return
    (ROOT / path).parent.mkdir(parents=True, exist_ok=True)
    (ROOT / path).write_text(text, encoding="utf-8")


def schema_files() -> dict[Path, str]:
    from monitor.configuration.schema import schemas
    from monitor.notifiers import receiver_types
    from monitor.probes import check_types
    from monitor.reports.form import schema as laporan

    made = schemas(check_types(), receiver_types()) | {"laporan.schema.json": laporan()}
    return {
        SCHEMA_FOLDER / name: json.dumps(schema, indent=2, ensure_ascii=False) + "\n"
        for name, schema in made.items()
    }


def dashboards() -> dict[Path, str]:
    from tests.dashboards.files import dashboard_files

    return {Path(path): text for path, text in dashboard_files().items()}


def checks_page() -> str:
    """Return docs/checks.md: what each check type is for, its keys, an example, its numbers."""
    from monitor.configuration.entries import CheckEntry
    from monitor.probes import check_types

    parts = ["# Check types", NOTICE, "## Keys of every check", keys_of(CheckEntry)]
    for name, check_type in check_types().items():
        module = sys.modules[check_type.spec.__module__]
        parts += [f"## `{name}`", inspect.getdoc(module) or ""]
        parts.append(keys_of(check_type.spec))
        if check_type.measurements:
            rows = [
                (code(one.name), ", ".join(one.labels), one.help) for one in check_type.measurements
            ]
            parts.append(table(("measured", "labels", "what it tells"), rows))
    return "\n\n".join(parts) + "\n"


def settings_page() -> str:
    """Return docs/settings.md: the keys of everything but checks."""
    from monitor.configuration.alerts import (
        AlertsFile,
        EscalationEntry,
        RouteEntry,
    )
    from monitor.configuration.calendars import CalendarFile
    from monitor.configuration.entries import Defaults, ServiceEntry
    from monitor.configuration.maintenance import WindowEntry
    from monitor.configuration.oncall import PersonEntry, RotationEntry
    from monitor.configuration.reports import ReportFile
    from monitor.configuration.settings import MonitorSettings
    from monitor.notifiers import receiver_types

    parts = [
        "# Settings",
        NOTICE,
        *("## `defaults:` of checks.yaml and config/services/*.yaml", keys_of(Defaults)),
        *("## `services:` of the same files", keys_of(ServiceEntry)),
        *("## config/monitor.yaml", keys_of(MonitorSettings)),
        *("## config/maintenance.yaml: each of `windows`", keys_of(WindowEntry)),
        *("## config/calendars/*.yaml", keys_of(CalendarFile)),
        *("## config/report.yaml", keys_of(ReportFile)),
        *("## config/alerts.yaml", keys_of(AlertsFile)),
        *("## config/alerts.yaml: each of `routes`", keys_of(RouteEntry)),
        *("## config/alerts.yaml: each of `escalation`", keys_of(EscalationEntry)),
        *("## config/alerts.yaml: each of `people`", keys_of(PersonEntry)),
        *("## config/alerts.yaml: each of `oncall`", keys_of(RotationEntry)),
    ]
    for name, kind in receiver_types().items():
        module = sys.modules[kind.spec.__module__]
        parts += [f"## A receiver of type `{name}`", inspect.getdoc(module) or ""]
        parts.append(keys_of(kind.spec))
    return "\n\n".join(parts) + "\n"


def keys_of(model: Any) -> str:
    """Return a table of a pydantic model's keys."""
    schema = model.model_json_schema(mode="serialization")
    rows = keys(schema, schema.get("$defs", {}))
    return table(("key", "default", "what it says"), rows)


def metrics_page() -> str:
    """Return docs/metrics.md: every series of /metrics, and which check types report it."""
    from monitor.metrics.catalogue import CATALOGUE
    from monitor.probes import check_types

    reported: dict[str, tuple[str, tuple[str, ...], list[str]]] = {}
    for name, check_type in check_types().items():
        for one in check_type.measurements:
            reported.setdefault(one.name, (one.help, one.labels, []))[2].append(name)
    rows = [
        (code(metric), ", ".join(labels), ", ".join(names), text)
        for metric, (text, labels, names) in sorted(reported.items())
    ]
    catalogued = [(code(f.name), f.kind, ", ".join(f.labels), f.help) for f in CATALOGUE]
    parts = [
        "# Metrics",
        NOTICE,
        "## Of every check, every service and the daemon",
        table(("metric", "type", "labels", "what it tells"), catalogued),
        "## Of check types",
        "All are gauges. They carry the labels of `probe_success` and those named here.",
        table(("metric", "labels", "check types", "what it tells"), rows),
    ]
    return "\n\n".join(parts) + "\n"


def keys(schema: Schema, definitions: Schema, prefix: str = "") -> Iterator[tuple[str, ...]]:
    """Yield a row for each key of a JSON Schema, those of objects inside it with their path.

    Of a list of objects, and of objects by name, the list or the names have a row as well.
    """
    for key, field in schema["properties"].items():
        inner, path = inner_object(field, definitions)
        if path or inner is None:
            missing = "required" if key in schema.get("required", ()) else default(field)
            yield code(prefix + key), missing, field.get("description", "")
        if inner is not None:
            yield from keys(inner, definitions, f"{prefix}{key}{path}.")


def inner_object(field: Schema, definitions: Schema) -> tuple[Schema | None, str]:
    """Return the object that a field holds, and how a path says that it holds several."""
    for option in (field, *field.get("anyOf", ()), *field.get("allOf", ())):
        for several, path in (("items", "[]"), ("additionalProperties", ".NAME"), ("", "")):
            held = option.get(several) if several else option
            if not isinstance(held, dict):
                continue
            for form in (held, *held.get("anyOf", ())):  # it may have a short form, too
                found = definitions.get(form.get("$ref", "").rpartition("/")[2], form)
                if "properties" in found:
                    return found, path
    return None, ""


def default(field: Schema) -> str:
    """Return a key's default as YAML shows it, empty where leaving it out means nothing."""
    value = field.get("default")
    if value in (None, "", [], {}):
        return ""
    return code(value if isinstance(value, str) else json.dumps(value, ensure_ascii=False))


def table(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    lines = [head, ("---",) * len(head), *rows]
    return "\n".join("| " + " | ".join(cell(text) for text in line) + " |" for line in lines)


def cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")


def code(text: str) -> str:
    return f"`{text}`"


def failures_page() -> str:
    """Return docs/failures.md: what each kind of failure and each cause means, and what to do."""
    from monitor.domain.observation import FailureKind, UnknownCause
    from monitor.locales import messages_advice, messages_reasons

    members = list(FailureKind)
    starts = [members.index(FailureKind(first)) for first in FAILURE_SECTIONS.values()]
    sections = zip(FAILURE_SECTIONS, pairwise([*starts, len(members)]), strict=True)
    parts = [*FAILURES_HEAD]
    for title, (start, end) in sections:
        parts += [
            f"## {title}",
            explained(members[start:end], messages_reasons.FAILURES, messages_advice.FAILURES),
        ]
    parts += [
        *UNKNOWN_HEAD,
        explained(UnknownCause, messages_reasons.CAUSES, messages_advice.CAUSES),
    ]
    return "\n\n".join(parts) + "\n"


# Each section begins with the kind that is named here, and goes on to the next section's.
FAILURE_SECTIONS = {
    "Nama / Names": "resolve_nxdomain",
    "Sambungan / Connections": "connect_refused",
    "Sertifikat dan TLS / Certificates and TLS": "tls_expired",
    "Jawaban / Answers": "proxy",
}
FAILURES_HEAD = (
    "# Sebab kegagalan / Kinds of failure",
    NOTICE,
    (
        "`pantau status`, `pantau check`, pesan (`failure.kind`), dan metrik (`pantau_check_failures_total{kind}`) memakai nama "
        "yang sama. *Gangguan* dan *Menurun* punya sebab kegagalan; *Tidak diketahui* punya sebab pada pemantau sendiri. Langkah "
        "pertama di bawah ini juga tertulis dalam pesan, bila pemeriksaan itu tidak punya panduan (`runbook`) sendiri."
    ),
    (
        "`pantau status`, `pantau check`, alerts (`failure.kind`) and metrics (`pantau_check_failures_total{kind}`) name the same "
        "kinds. *Gangguan* (down) and *Menurun* (degraded) have a kind of failure; *Tidak diketahui* (unknown) has a cause, which "
        "lies with the monitor itself. Alerts give the first step below, too, where a check has no `runbook` of its own."
    ),
)
UNKNOWN_HEAD = (
    "## Tidak diketahui / Unknown",
    (
        "Waktu ini bukan waktu henti layanan, dan tidak pernah dihitung sebagai ketersediaan. / This is no downtime of the "
        "service, and never counted as availability."
    ),
)


def explained(members: Iterable[Any], reasons: Any, advice: Any) -> str:
    from monitor.locales import Language

    rows = [
        (
            code(one),
            *(
                f"{reasons[tongue][one]}. {advice[tongue][one]}"
                for tongue in (Language.ID, Language.EN)
            ),
        )
        for one in members
    ]
    return table(("kind", "arti dan langkah pertama", "meaning and first step"), rows)


PAGES: Mapping[str, Callable[[], str]] = {
    "docs/checks.md": checks_page,
    "docs/failures.md": failures_page,
    "docs/metrics.md": metrics_page,
    "docs/settings.md": settings_page,
}


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
