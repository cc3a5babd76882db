"""The page of a check type, as its docs have it: English, YAML examples, Indonesian."""

import inspect
import re
import sys

import yaml

from monitor.configuration import load
from monitor.notifiers import receiver_types
from monitor.probes import check_types

_EXAMPLE = re.compile(r"^```yaml\n(.*?)^```$", re.DOTALL | re.MULTILINE)
_SECRET = re.compile(r"\{file: [^}]*\}")
_INDONESIAN = "\nBahasa Indonesia\n"
_AROUND = {
    "version": 1,
    "services": [{"id": "layanan", "name": "Layanan", "owner": "diskominfo"}],
}


def page_of(name):
    """Return the docstring that becomes the page of a check type."""
    return inspect.getdoc(sys.modules[check_types()[name].spec.__module__])


def examples_of(name):
    """Return the checks of the page's YAML examples, as they are written."""
    return [
        check
        for text in _EXAMPLE.findall(page_of(name))
        for check in yaml.safe_load(_SECRET.sub("{env: TOKEN}", text))
    ]


def loaded_examples(name, folder, token="hunter2-hunter2"):
    """Return the checks of the page's examples as a daemon has them; `token` is every secret."""
    checks = [{**check, "service": "layanan"} for check in examples_of(name)]
    path = folder / "checks.yaml"
    path.write_text(yaml.safe_dump({**_AROUND, "checks": checks}))
    return load(path, check_types(), receiver_types(), {"TOKEN": token}).checks


def has_secrets(name):
    """Say whether a page's examples hold a secret."""
    return any(_SECRET.search(text) for text in _EXAMPLE.findall(page_of(name)))


def indonesian_of(name):
    """Return the part of the page in Indonesian, None without one."""
    _, found, text = page_of(name).partition(_INDONESIAN)
    return text.strip() if found else None
