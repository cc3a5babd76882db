"""Where test data lie, and how tests load it."""

from pathlib import Path

from monitor.configuration import load
from tests.unit.configuration.stand_ins import CHECK_TYPES, RECEIVER_TYPES

DATA = Path(__file__).resolve().parents[2] / "data"
CITY = DATA / "valid" / "city" / "checks.yaml"

HEAD = "version: 1\nservices:\n  - {id: portal, name: Portal, owner: diskominfo}\n"
A_CHECK = "  - {id: portal-tcp, service: portal, type: tcp, host: 10.0.0.9, port: 5432}\n"
SMALL = HEAD + "checks:\n" + A_CHECK


def loaded(path, environment=None, today=None):
    return load(path, CHECK_TYPES, RECEIVER_TYPES, environment or {}, today)


def written(folder, checks=SMALL, **files):
    """Write checks.yaml and config/NAME.yaml files into a folder, return the path of the first."""
    path = folder / "checks.yaml"
    path.write_text(checks, encoding="utf-8")
    for name, text in files.items():
        (folder / "config").mkdir(exist_ok=True)
        (folder / "config" / f"{name}.yaml").write_text(text, encoding="utf-8")
    return path
