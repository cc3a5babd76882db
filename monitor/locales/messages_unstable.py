"""What messages say of services that keep going down and coming back."""

from collections.abc import Mapping
from datetime import tzinfo
from enum import Enum, auto

from monitor.domain.alert import Alert, AlertType, InstabilityNotice
from monitor.locales import Language
from monitor.locales.dates import duration_text, moment_text
from monitor.locales.numbers import decimal


class _Said(Enum):
    """What is said of one service that is unstable, or of several at once."""

    CHANGES = auto()
    IS_UP = auto()
    IS_DOWN = auto()


_ONE = {
    Language.ID: {
        _Said.CHANGES: "TIDAK STABIL: {service} {changes} kali berubah (mati atau pulih) dalam "
        "{within} terakhir. Pesan berikutnya menyusul setelah keadaannya tetap.",
        _Said.IS_UP: "PULIH DAN STABIL: {service} tidak berubah lagi sejak {changed}, setelah "
        "{changes} kali berubah sejak {began}.",
        _Said.IS_DOWN: "TIDAK BERUBAH LAGI, TETAPI TERGANGGU: {service} {changes} kali berubah "
        "sejak {began}, dan terganggu terus sejak {changed}.",
    },
    Language.EN: {
        _Said.CHANGES: "UNSTABLE: {service} went down or came back {changes} times within the last "
        "{within}. The next message follows once it stays as it is.",
        _Said.IS_UP: "RECOVERED AND STABLE: {service} has not changed since {changed}, after "
        "{changes} changes since {began}.",
        _Said.IS_DOWN: "NO LONGER CHANGING, BUT DOWN: {service} changed {changes} times since "
        "{began}, and has stayed down since {changed}.",
    },
}
_SEVERAL = {
    Language.ID: {
        _Said.CHANGES: "TIDAK STABIL: {count} layanan berulang kali mati dan pulih; {service} "
        "{changes} kali berubah dalam {within} terakhir.",
        _Said.IS_UP: "PULIH DAN STABIL: {count} layanan tidak berubah-ubah lagi; {service} sejak "
        "{changed}, setelah {changes} kali berubah.",
        _Said.IS_DOWN: "TIDAK BERUBAH LAGI, TETAPI TERGANGGU: {count} layanan tidak berubah-ubah "
        "lagi; {service} terganggu terus sejak {changed}.",
    },
    Language.EN: {
        _Said.CHANGES: "UNSTABLE: {count} services keep going down and coming back; {service} "
        "changed {changes} times within the last {within}.",
        _Said.IS_UP: "RECOVERED AND STABLE: {count} services no longer change; {service} since "
        "{changed}, after {changes} changes.",
        _Said.IS_DOWN: "NO LONGER CHANGING, BUT DOWN: {count} services no longer change; {service} "
        "has stayed down since {changed}.",
    },
}


def unstable_headline(alert: Alert, language: Language, *, several: bool) -> str | None:
    """Return the first line about a service that keeps changing, or did; None for any other.

    That somebody takes care is said as of any outage.
    """
    if alert.unstable is None or alert.type not in (AlertType.FIRING, AlertType.RESOLVED):
        return None
    return (_SEVERAL if several else _ONE)[language][_said(alert.unstable)]


def unstable_values(
    unstable: InstabilityNotice, language: Language, zone: tzinfo
) -> Mapping[str, str]:
    """Return what the first line names beside the service."""
    return {
        "changes": decimal(unstable.changes, language),
        "within": duration_text(unstable.within, language, units=2),
        "began": moment_text(unstable.since, zone, language),
        "changed": moment_text(unstable.changed_at, zone, language),
    }


def _said(unstable: InstabilityNotice) -> _Said:
    if not unstable.over:
        return _Said.CHANGES
    return _Said.IS_DOWN if unstable.is_down else _Said.IS_UP
