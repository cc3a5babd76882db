"""Reads everything that is configured, or raises ConfigError with everything that is wrong."""

from dataclasses import dataclass
from pathlib import Path

from monitor.configuration import Config, ConfigError, MonitorSettings, Problem, load
from monitor.configuration.settings import is_loopback
from monitor.configuration.webconfig import WebConfigFile, load_web_config
from monitor.notifiers import receiver_types
from monitor.probes import check_types
from monitor.web.credentials import ClientAuth, TlsServerConfig, TlsVersion, WebConfig

_SETTINGS = "config/monitor.yaml"
_OPEN_PROXY = (
    "probe.targets: any lets whoever can connect have anything probed: listen on 127.0.0.1, or "
    "name basic_auth_users or client certificates in web_config_file"
)


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
    if _is_open_proxy(config.monitor, web):
        raise ConfigError((Problem(_SETTINGS, 1, 1, _OPEN_PROXY),))
    return Reading(config=config, web=web)


def _is_open_proxy(settings: MonitorSettings, web: WebConfig | None) -> bool:
    """Say whether strangers could have anything probed from here."""
    is_open = settings.probe.enabled and settings.probe.targets == "any"
    guarded = web is not None and web.asks_for_a_credential
    return is_open and not guarded and not is_loopback(settings.listen.host)


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
