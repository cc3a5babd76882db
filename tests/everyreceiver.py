"""A notifier of every kind that there is, found by name and made as the kind's own page shows it."""

import re
import sys
from pathlib import Path
from typing import Any

import yaml
from pydantic import ValidationError

from monitor.fields import Context
from monitor.notifiers import receiver_types
from monitor.ports import Notifier
from monitor.receivertype import ReceiverContext
from monitor.receivertype.keys import PostingSpec

EXTERNAL_URL = "https://pantau.makassarkota.go.id"
KINDS = tuple(receiver_types())

_EXAMPLE = re.compile(r"```yaml\n(.*?)```", re.DOTALL)
# One of these has the form that a kind wants its secret to have.
_SECRET_PATH = "/services/T0001/B0001/geheimgeheim"
_SECRETS = (
    "whsec_" + "QUJDREVGR0hJSktMTU5PUFFSU1RVVldYWVphYmNkZWY=",
    "123456789:AAF0fake_token-of-a-bot-that-is-not-there",
    "R0UT1NGKEY0123456789abcdefABCDEF",
)
# Apprise takes nearly any URL for some service's, so that of its own kind comes first.
_OF_A_KIND = {"apprise": "json://pantau:geheimgeheim@127.0.0.1:9/geheimerpfad"}


def every_notifier(folder: Path, language: str = "id") -> dict[str, Notifier]:
    """Return a notifier of each kind by its name; secrets are written into `folder`."""
    return {kind: _notifier(kind, spec_of(kind, folder), language) for kind in KINDS}


def notifier_at(kind: str, folder: Path, base: str, network: Any, **keys: Any) -> Notifier:
    """Return a notifier of a kind that posts over HTTP, whose service is at `base`."""
    spec = spec_of(kind, folder, base=base, **_there(kind, base), **keys)
    return _notifier(kind, spec, "id", network=network)


def entry_at(kind: str, folder: Path, base: str) -> dict[str, Any]:
    """Return a receiver of a kind that posts over HTTP as alerts.yaml has it, in `folder`, where
    its secrets are written. Its service is at `base`.
    """
    spec_of(kind, folder, base=base, **_there(kind, base))
    written = _with_secrets({**example(kind), **_there(kind, base)}, folder / kind, [])
    return {"name": kind, "type": kind, **written}


def _there(kind: str, base: str) -> dict[str, Any]:
    own = example(kind)
    if isinstance(own.get("url"), dict):
        return {}  # its secret is the URL
    return {"urls": [base]} if "urls" in own else {_place(kind): base}


def _place(kind: str) -> str:
    return next(key for key in ("url", "api") if key in receiver_types()[kind].spec.model_fields)


def posts(kind: str) -> bool:
    """Say whether a kind posts over HTTP."""
    return issubclass(receiver_types()[kind].spec, PostingSpec)


def example(kind: str) -> dict[str, Any]:
    """Return the keys of the receiver that the page of a kind shows."""
    page = sys.modules[receiver_types()[kind].connect.__module__].__doc__ or ""
    found = _EXAMPLE.search(page)
    assert found, f"the docstring of {kind} shows no receiver"
    [entry] = yaml.safe_load(found[1])["receivers"]
    return {key: value for key, value in entry.items() if key not in {"name", "type"}}


def spec_of(kind: str, folder: Path, base: str = "https://service.example", **keys: Any) -> Any:
    """Return the example of a kind, with `keys` instead of its own, as alerts.yaml is read.

    Where a secret is a URL, it begins with `base`.
    """
    made = receiver_types()[kind]
    files: list[Path] = []
    written = _with_secrets({**example(kind), **keys}, folder / kind, files)
    errors: list[ValidationError] = []
    own = [_OF_A_KIND[kind]] if kind in _OF_A_KIND else []
    for secret in (*own, f"{base}{_SECRET_PATH}", *_SECRETS):
        for file in files:
            file.touch(mode=0o600)
            file.write_text(secret + "\n")
        try:
            return made.spec.model_validate(written, context=Context(folder=folder))
        except ValidationError as error:
            errors.append(error)
    raise errors[-1]


def _notifier(kind: str, spec: Any, language: str, **other: Any) -> Notifier:
    context = ReceiverContext(
        external_url=EXTERNAL_URL,
        language=language,
        zone="Asia/Makassar",
        name=kind,
        **{"network": None, **other},
    )
    return receiver_types()[kind].connect(spec, context)


def _with_secrets(value: Any, stem: Path, files: list[Path]) -> Any:
    """Return `value` with files of ours for its secrets, which are added to `files`."""
    if not isinstance(value, dict):
        return value
    if value.keys() == {"file"}:
        files.append(stem.with_suffix(f".{len(files)}"))
        return {"file": files[-1].name}
    return {key: _with_secrets(each, stem, files) for key, each in value.items()}
