"""Modules as YAML text, secrets hidden: what /config and a probe's debug text show."""

import yaml

from monitor.blackbox.masking import plain_module, plain_modules
from monitor.blackbox.modules import Module, Modules

_WIDEST = 1_000_000


def modules_text(modules: Modules) -> str:
    """Return all modules, indented by four as blackbox_exporter does it."""
    return _yaml(plain_modules(modules), indent=4)


def module_text(module: Module) -> str:
    """Return one module, indented by two."""
    return _yaml(plain_module(module), indent=2)


def _yaml(value: object, *, indent: int) -> str:
    text: str = yaml.dump(
        value,
        Dumper=yaml.CSafeDumper,
        indent=indent,
        width=_WIDEST,
        sort_keys=False,
        allow_unicode=True,
        default_flow_style=False,
    )
    return text
