"""Modules as YAML text, secrets hidden: what /config and a probe's debug text show."""

import yaml

from monitor.blackbox.masking import plain_module, plain_modules
from monitor.blackbox.modules import Module, Modules

_WIDEST = 1_000_000


def modules_text(modules: Modules) -> str:
    """Return all modules."""
    return _yaml(plain_modules(modules))


def module_text(module: Module) -> str:
    """Return one module."""
    return _yaml(plain_module(module))


def _yaml(value: object) -> str:
    text: str = yaml.dump(
        value,
        Dumper=yaml.CSafeDumper,
        width=_WIDEST,
        sort_keys=False,
        allow_unicode=True,
        default_flow_style=False,
    )
    return text
