import pytest
import yaml
from jsonschema import Draft202012Validator

from monitor.configuration.alerts import AlertsFile
from monitor.configuration.maintenance import MaintenanceFile
from monitor.configuration.schema import schemas
from monitor.configuration.settings import MonitorSettings
from monitor.probes import check_types
from tests.pages import examples_of
from tests.unit.configuration.places import CITY, DATA
from tests.unit.configuration.stand_ins import CHECK_TYPES, RECEIVER_TYPES

SCHEMAS = schemas(CHECK_TYPES, RECEIVER_TYPES)
VALID = {
    CITY: "checks",
    CITY.parent / "config" / "services" / "bapenda.yaml": "checks",
    DATA / "valid" / "smallest.yaml": "checks",
    CITY.parent / "config" / "monitor.yaml": "monitor",
    CITY.parent / "config" / "alerts.yaml": "alerts",
}
# What an editor can see by itself, without looking at other entries or files.
SEEN = [
    *("unknown-top-key", "version-2", "checks-no-list", "check-no-mapping", "unknown-default"),
    *("id-missing", "id-upper-case", "id-number", "service-missing", "type-missing", "unknown-key"),
    *("type-unknown", "interval-no-unit", "interval-fraction", "threshold-zero", "threshold-text"),
    *("enabled-one", "affects-unknown", "labels-too-many", "label-taken", "label-number"),
    *("port-too-large", "port-quoted", "url-scheme", "method-unknown", "size-without-unit"),
    *("expect-unknown", "expect-key-outside", "secret-written", "secret-two-sources"),
    *("service-owner-missing", "criticality-unknown", "quorum-zero", "sla-without-basis"),
    *("sla-over-100", "sla-text", "status-unknown", "depends-on-text", "vantages"),
]


def errors(path, name):
    value = yaml.safe_load(path.read_text())
    return list(Draft202012Validator(SCHEMAS[f"{name}.schema.json"]).iter_errors(value))


@pytest.mark.parametrize("name", SCHEMAS)
def test_schema_is_one(name):
    """Every schema is a valid one of draft 2020-12."""
    Draft202012Validator.check_schema(SCHEMAS[name])


@pytest.mark.parametrize(("path", "name"), VALID.items(), ids=lambda each: str(each)[-20:])
def test_schema_takes_valid_files(path, name):
    """An editor has nothing against a file that the loader takes."""
    assert errors(path, name) == []


@pytest.mark.parametrize("name", check_types())
def test_schema_takes_the_examples_of_each_page(name):
    """An editor has nothing against the examples on the page of a check type."""
    schema = schemas(check_types(), {})["checks.schema.json"]
    around = {"id": "layanan", "name": "Layanan", "owner": "diskominfo"}
    document = {"version": 1, "services": [around], "checks": examples_of(name)}

    assert list(Draft202012Validator(schema).iter_errors(document)) == []


@pytest.mark.parametrize("case", SEEN)
def test_schema_sees_mistakes(case):
    """An editor sees the mistakes that one entry shows by itself."""
    assert errors(DATA / "invalid" / f"{case}.yaml", "checks")


@pytest.mark.parametrize("name", SCHEMAS)
def test_every_key_is_described(name):
    """An editor can explain every key."""
    undescribed = [path for path, schema in keys(SCHEMAS[name]) if not schema.get("description")]

    assert undescribed == []


def keys(schema, path=""):
    if isinstance(schema, list):
        for index, each in enumerate(schema):
            yield from keys(each, f"{path}/{index}")
    elif isinstance(schema, dict):
        for key, each in schema.items():
            # Conditions repeat keys that are described elsewhere.
            if key == "if" or (key == "properties" and "allOf" in schema):
                continue
            if key == "properties":
                yield from ((f"{path}/{name}", inner) for name, inner in each.items())
            yield from keys(each, f"{path}/{key}")


def test_defaults_are_as_written():
    """Defaults are shown as they would be written: 2s, and not PT2S."""
    resolver = SCHEMAS["monitor.schema.json"]["$defs"]["ResolverSettings"]["properties"]
    listen = SCHEMAS["monitor.schema.json"]["properties"]["listen"]

    assert resolver["timeout"]["default"] == "2s"
    assert listen["default"] == "127.0.0.1:8780"


def test_name_of_a_type():
    """Where a type has a `name` of its own, the schema describes that one."""
    [dns] = [
        each["then"]
        for each in SCHEMAS["checks.schema.json"]["properties"]["checks"]["items"]["allOf"]
        if each["then"]["properties"]["type"]["const"] == "dns"
    ]

    assert dns["properties"]["name"]["description"] == "What is asked for."


CALENDAR = {
    "name": "Jam kerja",
    "days": {"mon-thu": "07:30-16:00", "fri": ["07:30-11:30", "13:00-24:00"], "sat": []},
    "holidays": {"add": [{"date": "2026-11-07", "name": "Hari Jadi Kota"}]},
    "overrides": [{"name": "Cuti", "from": "2026-03-20", "to": "2026-03-24", "days": {}}],
}


@pytest.mark.parametrize(
    ("change", "valid"),
    [
        ({}, True),
        ({"days": {"mon-thu": "7:30-16:00"}}, False),
        ({"days": {"monday": "07:30-16:00"}}, False),
        ({"days": {"mon": "07:30-25:00"}}, False),
        ({"zone": "Asia/Makassar"}, False),
    ],
)
def test_schema_of_calendars(change, valid):
    """An editor takes a calendar as the loader does, and sees hours that are none."""
    schema = Draft202012Validator(SCHEMAS["calendar.schema.json"])

    assert schema.is_valid({**CALENDAR, **change}) is valid


@pytest.mark.parametrize(
    ("alerts", "valid"),
    [
        ({"routes": [{"oncall": "jaga", "match": {"during": "jam-kerja"}}]}, True),
        ({"people": [{"id": "andi", "name": "Andi", "receivers": "telegram"}]}, True),
        ({"people": [{"id": "andi", "receivers": "telegram"}]}, False),
        ({"oncall": [{"id": "jaga", "members": ["andi"], "first": "2026-11-02"}]}, False),
    ],
)
def test_schema_of_people_on_call(alerts, valid):
    """An editor takes rotations and routes to them, and sees what they lack."""
    assert Draft202012Validator(SCHEMAS["alerts.schema.json"]).is_valid(alerts) is valid


@pytest.mark.parametrize(
    ("name", "model"),
    [("alerts", AlertsFile), ("maintenance", MaintenanceFile), ("monitor", MonitorSettings)],
)
def test_schema_has_every_key_of_its_file(name, model):
    """An editor knows every key that a file may have at its top."""
    known = {field.alias or key for key, field in model.model_fields.items()}

    assert set(SCHEMAS[f"{name}.schema.json"]["properties"]) == known
