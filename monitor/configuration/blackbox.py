"""The modules of /probe: blackbox_exporter's own file, read as strictly as the others."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from pydantic import BaseModel

from monitor.blackbox.modules import Module, Modules
from monitor.configuration.document import Block, Document
from monitor.configuration.entries import Entry
from monitor.configuration.files import Shelf
from monitor.configuration.findings import Findings, Item, accepted
from monitor.fields import Context, shown

_EMPTY = "it is empty: write `modules:`, or probe: {enabled: false} in config/monitor.yaml"


class ModulesFile(Entry):
    """The root of blackbox.yml. Modules are looked at one by one."""

    modules: dict[str, Any] | None = None


def modules_of(name: str, shelf: Shelf, context: Context) -> Modules:
    """Return the valid modules of the file called `name`.

    Files that it names are relative to its own folder.
    """
    document = shelf.document(name, wanted=_EMPTY, merges=True)
    at_home = replace(context, folder=(shelf.folder / name).parent)
    accepted(ModulesFile, Item(document.file, document.root), shelf.findings, at_home)
    return dict(_modules(document, shelf.findings, at_home))


def _modules(
    document: Document, findings: Findings, context: Context
) -> Iterator[tuple[str, Module]]:
    written = document.root.get("modules")
    if not isinstance(written, Block):
        return
    for name, block in written.items():
        if not isinstance(block, Block):
            message = f"modules.{name}: {shown(block)} is no module: write `prober: http`"
            findings.problem(document.file, written.values_at[name], message)
            continue
        item = Item(document.file, block)
        module = accepted(Module, item, findings, context)
        if module is not None:
            _doubt(module, item, findings)
            yield name, module


def _doubt(module: Module, item: Item, findings: Findings) -> None:
    """Warn of files that are not there: probes read them, and would fail."""
    for path, value in _named_files(module.prober, getattr(module, module.prober)):
        if not value.is_file():
            message = f"{path}: there is no file {shown(str(value))}: probes will fail"
            findings.warning(item.file, item.at(module.prober), message)


def _named_files(path: str, part: BaseModel) -> Iterator[tuple[str, Any]]:
    for name in type(part).model_fields:
        value = getattr(part, name)
        if isinstance(value, BaseModel):
            yield from _named_files(f"{path}.{name}", value)
        elif name.endswith("_file") and hasattr(value, "is_file"):
            yield f"{path}.{name}", value
