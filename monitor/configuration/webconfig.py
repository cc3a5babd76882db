"""The web-config file, in the form of the Prometheus exporter-toolkit: TLS and users."""

import re
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, Field, model_validator

from monitor.configuration.document import Block, Unreadable, parse
from monitor.configuration.entries import Entry
from monitor.configuration.findings import Findings, Item, accepted
from monitor.configuration.problem import ConfigError, Problem
from monitor.configuration.reading import decode, read
from monitor.fields import Context, File

_BCRYPT = re.compile(r"\$2[abxy]\$(0[4-9]|[12]\d|3[01])\$[./A-Za-z0-9]{53}")


def _bcrypt(value: str) -> str:
    # The value is not shown: a password that was not hashed may stand here.
    if not _BCRYPT.fullmatch(value):
        raise ValueError("this is no bcrypt hash: make one with `htpasswd -nBC 10 USER`")
    return value


Hash = Annotated[str, AfterValidator(_bcrypt)]


class TlsServer(Entry):
    """How connections are encrypted, and which clients prove who they are."""

    cert_file: File = Field(description="Certificate of the listener, with its chain (PEM).")
    key_file: File = Field(description="Its private key (PEM).")
    client_ca_file: File | None = Field(None, description="Who signs client certificates.")
    client_auth_type: Literal[
        "NoClientCert", "VerifyClientCertIfGiven", "RequireAndVerifyClientCert"
    ] = Field("NoClientCert", description="Whether a client certificate is asked for.")
    min_version: Literal["TLS12", "TLS13"] = Field("TLS12", description="Oldest TLS version.")

    @model_validator(mode="after")
    def _complete(self) -> Self:
        asks = self.client_auth_type != "NoClientCert"
        if asks and self.client_ca_file is None:
            raise ValueError(f"client_auth_type: {self.client_auth_type} needs client_ca_file")
        if self.client_ca_file is not None and not asks:
            raise ValueError("client_ca_file needs client_auth_type: RequireAndVerifyClientCert")
        return self


class WebConfigFile(Entry):
    """Everything in the file."""

    tls_server_config: TlsServer | None = Field(None, description="TLS of the listener.")
    basic_auth_users: dict[str, Hash] = Field(
        {}, description="Users, each with the bcrypt hash of a password."
    )


def load_web_config(path: Path) -> WebConfigFile:
    """Return what the file at `path` says; files that it names are relative to its folder.

    Raise ConfigError with every mistake.
    """
    findings = Findings()
    found = _read(path, findings)
    if found is None or findings.problems:
        raise ConfigError(tuple(findings.problems))
    return found


def _read(path: Path, findings: Findings) -> WebConfigFile | None:
    try:
        document = parse(decode(read(path, path.name)), path.name)
    except Unreadable as unreadable:
        findings.problems.append(unreadable.problem)
        return None
    findings.misspelt(document.problems)
    root = Block((1, 1)) if document.root is None else document.root
    if not isinstance(root, Block):
        message = "a list or a text stands where basic_auth_users or tls_server_config is wanted"
        findings.problems.append(Problem(path.name, 1, 1, message))
        return None
    context = Context(folder=path.absolute().parent)
    return accepted(WebConfigFile, Item(path.name, root), findings, context)
