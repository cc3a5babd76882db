"""Reads everything that is configured, or raises ConfigError with everything that is wrong."""

from dataclasses import dataclass
from pathlib import Path

from monitor.configuration import Config, load
from monitor.configuration.webconfig import WebConfigFile, load_web_config
from monitor.notifiers import receiver_types
from monitor.probes import check_types
from monitor.web.credentials import ClientAuth, TlsServerConfig, TlsVersion, WebConfig


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """The configuration, and who may read what is not public (None: whoever can connect)."""

    config: Config
    web: WebConfig | None


def read_configuration(path: Path, web_config_file: Path | None) -> Reading:
    """Read checks.yaml at `path`, config/ beside it, and the web-config file.

    `web_config_file` is the one of the command line, and wins over the configured one.
    """
    config = load(path, check_types(), receiver_types())
    web_file = web_config_file or config.monitor.web_config_file
    web = None if web_file is None else _web(load_web_config(web_file))
    return Reading(config=config, web=web)


def _web(file: WebConfigFile) -> WebConfig:
    tls = file.tls_server_config
    return WebConfig(
        users=file.basic_auth_users,
        tls=None
        if tls is None
        else TlsServerConfig(
            cert_file=tls.cert_file,
            key_file=tls.key_file,
            client_ca_file=tls.client_ca_file,
            client_auth=ClientAuth(tls.client_auth_type),
            min_version=TlsVersion(tls.min_version),
        ),
    )
