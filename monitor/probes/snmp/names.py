"""Names of objects that are asked for often, and of their numbers' meanings.

From SNMPv2-MIB (RFC 3418), IF-MIB (RFC 2863), UPS-MIB (RFC 1628) and HOST-RESOURCES-MIB (RFC 2790).
An object of a table needs the number of its row: `ifOperStatus.3`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

UPTIME = "1.3.6.1.2.1.1.3.0"

_UP_DOWN = {1: "up", 2: "down", 3: "testing"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """An object: `oid` without the number of a row, and what its numbers are called."""

    oid: str
    is_in_table: bool = False
    words: Mapping[int, str] = field(default_factory=dict)


def _one(oid: str, words: Mapping[int, str] | None = None) -> Known:
    return Known(oid=f"1.3.6.1.2.1.{oid}.0", words=words or {})


def _row(oid: str, words: Mapping[int, str] | None = None) -> Known:
    return Known(oid=f"1.3.6.1.2.1.{oid}", is_in_table=True, words=words or {})


NAMES: Mapping[str, Known] = {
    "sysDescr": _one("1.1"),
    "sysObjectID": _one("1.2"),
    "sysUpTime": _one("1.3"),
    "sysContact": _one("1.4"),
    "sysName": _one("1.5"),
    "sysLocation": _one("1.6"),
    "ifNumber": _one("2.1"),
    "ifDescr": _row("2.2.1.2"),
    "ifSpeed": _row("2.2.1.5"),
    "ifAdminStatus": _row("2.2.1.7", _UP_DOWN),
    "ifOperStatus": _row(
        "2.2.1.8",
        _UP_DOWN | {4: "unknown", 5: "dormant", 6: "notPresent", 7: "lowerLayerDown"},
    ),
    "ifInErrors": _row("2.2.1.14"),
    "ifOutErrors": _row("2.2.1.20"),
    "ifName": _row("31.1.1.1.1"),
    "ifHCInOctets": _row("31.1.1.1.6"),
    "ifHCOutOctets": _row("31.1.1.1.10"),
    "ifHighSpeed": _row("31.1.1.1.15"),
    "ifAlias": _row("31.1.1.1.18"),
    "upsIdentManufacturer": _one("33.1.1.1"),
    "upsIdentModel": _one("33.1.1.2"),
    "upsBatteryStatus": _one(
        "33.1.2.1", {1: "unknown", 2: "batteryNormal", 3: "batteryLow", 4: "batteryDepleted"}
    ),
    "upsSecondsOnBattery": _one("33.1.2.2"),
    "upsEstimatedMinutesRemaining": _one("33.1.2.3"),
    "upsEstimatedChargeRemaining": _one("33.1.2.4"),
    "upsBatteryVoltage": _one("33.1.2.5"),
    "upsBatteryTemperature": _one("33.1.2.7"),
    "upsInputVoltage": _row("33.1.3.3.1.3"),
    "upsOutputSource": _one(
        "33.1.4.1",
        {
            1: "other",
            2: "none",
            3: "normal",
            4: "bypass",
            5: "battery",
            6: "booster",
            7: "reducer",
        },
    ),
    "upsOutputVoltage": _row("33.1.4.4.1.2"),
    "upsOutputPercentLoad": _row("33.1.4.4.1.5"),
    "upsAlarmsPresent": _one("33.1.6.1"),
    "hrSystemUptime": _one("25.1.1"),
    "hrStorageSize": _row("25.2.3.1.5"),
    "hrStorageUsed": _row("25.2.3.1.6"),
    "hrProcessorLoad": _row("25.3.3.1.2"),
}

_WORDS = {known.oid: known.words for known in NAMES.values() if known.words}


def numeric(written: str) -> str:
    """Return the object identifier of what is written: a name, or numbers and dots.

    Raises ValueError where it is neither.
    """
    from monitor.net.ber import oid

    name, _, row = written.partition(".")
    if not name.isalpha():
        found = written.removeprefix(".")
        oid(found)
        return ".".join(str(int(arc)) for arc in found.split("."))
    known = NAMES.get(name)
    if known is None:
        raise ValueError(f"{name} is no name known here: write its object identifier, 1.3.6.1.…")
    found = known.oid
    if known.is_in_table:
        if not row:
            raise ValueError(f"{name} is a column of a table: add the number of its row, {name}.1")
        found = f"{found}.{row}"
    elif row not in ("", "0"):
        raise ValueError(f"{name} is no column of a table: leave out .{row}")
    oid(found)
    return ".".join(str(int(arc)) for arc in found.split("."))


def words_of(oid: str) -> Mapping[int, str]:
    """Return what the numbers of an object are called, empty where they mean themselves."""
    return _WORDS.get(oid) or _WORDS.get(oid.rpartition(".")[0]) or {}
