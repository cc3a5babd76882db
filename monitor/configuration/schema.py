"""The JSON Schemas of checks.yaml and config/, for editors.

They say what a key is for and what it takes. What refers to something else (ids, intervals) only
the loader can judge.
"""

from collections.abc import Iterable, Mapping
from contextlib import suppress
from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import GenerateJsonSchema, JsonSchemaMode, JsonSchemaValue
from pydantic_core import CoreSchema, SchemaError, SchemaSerializer, core_schema

from monitor.checktype import CheckType
from monitor.configuration.alerts import (
    EscalationEntry,
    ExpiryEntry,
    FlappingEntry,
    GroupingEntry,
    HeartbeatEntry,
    LinksEntry,
    ReceiverEntry,
    RemindersEntry,
    RouteEntry,
)
from monitor.configuration.calendars import CalendarFile
from monitor.configuration.checks import COMMON_KEYS, own_keys
from monitor.configuration.entries import CheckEntry, Defaults, ServiceEntry
from monitor.configuration.maintenance import WindowEntry
from monitor.configuration.oncall import PersonEntry, RotationEntry
from monitor.configuration.reports import ReportFile
from monitor.configuration.settings import MonitorSettings
from monitor.receivertype import ReceiverType

_DIALECT = "https://json-schema.org/draft/2020-12/schema"
_VERSION = {"const": 1, "description": "Version of this form of configuration."}

Schema = dict[str, Any]


def schemas(
    types: Mapping[str, CheckType[Any]], receiver_types: Mapping[str, ReceiverType[Any]]
) -> dict[str, Schema]:
    """Return a JSON Schema (draft 2020-12) for each file, by the name of the schema's file."""
    return {
        "checks.schema.json": _checks(types),
        "monitor.schema.json": _monitor(),
        "alerts.schema.json": _alerts(receiver_types),
        "maintenance.schema.json": _maintenance(),
        "calendar.schema.json": _calendar(),
        "report.schema.json": _report(),
    }


def _checks(types: Mapping[str, CheckType[Any]]) -> Schema:
    shared = _Definitions()
    common = shared.of(CheckEntry)
    alternatives = {
        name: _entry(name, common, COMMON_KEYS - own_keys(kind), shared.of(kind.spec), kind.spec)
        for name, kind in sorted(types.items())
    }
    properties = {
        "version": _VERSION,
        "defaults": _nullable(shared.of(Defaults)),
        "services": _list_of(shared.of(ServiceEntry), "Services, and who answers for them."),
        "checks": _list_of(_one_of(alternatives), "What is probed, and how often."),
    }
    return _file("Pantau: services and checks", properties, shared)


def _monitor() -> Schema:
    shared = _Definitions()
    schema = shared.of(MonitorSettings)
    return _file("Pantau: the daemon", schema["properties"], shared)


def _alerts(types: Mapping[str, ReceiverType[Any]]) -> Schema:
    shared = _Definitions()
    common = shared.of(ReceiverEntry)
    alternatives = {
        name: _entry(name, common, common["properties"], shared.of(kind.spec), kind.spec)
        for name, kind in sorted(types.items())
    }
    routes = "Who is told of what, in this order. Without routes, every receiver is told of all."
    properties = {
        "version": _VERSION,
        "receivers": _list_of(_one_of(alternatives), "Who can be told."),
        "routes": _list_of(shared.of(RouteEntry), routes),
        "escalation": _list_of(shared.of(EscalationEntry), "Who else is told, and when."),
        "people": _list_of(shared.of(PersonEntry), "Who can be on call."),
        "oncall": _list_of(shared.of(RotationEntry), "Rotations of those who are on call."),
        "reminders": shared.of(RemindersEntry),
        "links": shared.of(LinksEntry),
        "expiry": shared.of(ExpiryEntry),
        "heartbeat": _nullable(shared.of(HeartbeatEntry)),
        "grouping": shared.of(GroupingEntry),
        "flapping": shared.of(FlappingEntry),
    }
    return _file("Pantau: receivers and routes", properties, shared)


def _maintenance() -> Schema:
    shared = _Definitions()
    properties = {
        "version": _VERSION,
        "windows": _list_of(shared.of(WindowEntry), "When what is worked on."),
    }
    return _file("Pantau: planned work", properties, shared)


def _calendar() -> Schema:
    shared = _Definitions()
    schema = shared.of(CalendarFile)
    return {
        **_file("Pantau: service hours", schema["properties"], shared),
        "required": schema["required"],
    }


def _report() -> Schema:
    shared = _Definitions()
    schema = shared.of(ReportFile)
    return _file("Pantau: what people write in reports", schema["properties"], shared)


def _file(title: str, properties: Schema, shared: "_Definitions") -> Schema:
    return {
        "$schema": _DIALECT,
        "title": title,
        "type": "object",
        "properties": properties,
        "additionalProperties": False,
        "$defs": dict(sorted(shared.definitions.items())),
    }


def _entry(
    name: str, common: Schema, keys: Iterable[str], own: Schema, spec: type[BaseModel]
) -> Schema:
    """Return the schema of an entry of one type: common keys and the type's own."""
    properties = {key: common["properties"][key] for key in common["properties"] if key in keys}
    required = [key for key in common["required"] if key in keys] + own.get("required", [])
    return {
        "type": "object",
        "description": " ".join((spec.__doc__ or "").split()),
        "properties": {
            **properties,
            "type": {**common["properties"]["type"], "const": name},
            **own.get("properties", {}),
        },
        "required": required,
        "additionalProperties": False,
    }


def _one_of(alternatives: Mapping[str, Schema]) -> Schema:
    """Return a schema that takes the alternative that `type` names.

    Conditions rather than oneOf: an editor then complains of the wrong key, not of all types.
    """
    return {
        "type": "object",
        "properties": {"type": {"enum": sorted(alternatives)}},
        "required": ["type"],
        "allOf": [
            {
                "if": {"properties": {"type": {"const": name}}, "required": ["type"]},
                "then": schema,
            }
            for name, schema in alternatives.items()
        ],
    }


def _list_of(schema: Schema, description: str) -> Schema:
    return {"type": ["array", "null"], "items": schema, "description": description}


def _nullable(schema: Schema) -> Schema:
    return {**schema, "type": ["object", "null"]}


class _Definitions:
    """Makes schemas of models; what they share goes into the `$defs` of the file."""

    def __init__(self) -> None:
        self.definitions: Schema = {}

    def of(self, model: type[BaseModel]) -> Schema:
        schema = model.model_json_schema(schema_generator=_Plain)
        self.definitions |= schema.pop("$defs", {})
        return schema


class _Plain(GenerateJsonSchema):
    """pydantic's schemas without titles made of names, and with readable defaults."""

    def generate(self, schema: CoreSchema, mode: JsonSchemaMode = "validation") -> JsonSchemaValue:
        plain: JsonSchemaValue = _plain(super().generate(schema, mode))
        return plain

    def default_schema(self, schema: core_schema.WithDefaultSchema) -> JsonSchemaValue:
        """Return a field's schema with its default as YAML has it: 20s, and not PT20S.

        What a whole block has by default its own keys say.
        """
        described = super().default_schema(schema)
        if "default" in described:
            with suppress(SchemaError):  # a definition elsewhere: pydantic's own form will do
                serializer = SchemaSerializer(schema["schema"])
                described["default"] = serializer.to_python(schema["default"], mode="json")
        if isinstance(described.get("default"), dict | None):
            described.pop("default", None)
        return described


def _plain(schema: Any) -> Any:
    if isinstance(schema, list):
        return [_plain(each) for each in schema]
    if not isinstance(schema, dict):
        return schema
    # A key that is called title or description has a schema; these two are text.
    return {
        key: " ".join(value.split()) if _is_text(key, value, "description") else _plain(value)
        for key, value in schema.items()
        if not _is_text(key, value, "title")
    }


def _is_text(key: str, value: Any, name: str) -> bool:
    return key == name and isinstance(value, str)
