"""`pantau version`: what runs here."""

from importlib.metadata import PackageNotFoundError
from importlib.metadata import version as installed

import click

from monitor.cli.output import print_json
from monitor.cli.settings import Output, Settings, pass_settings, shared_options

_LIBRARIES = (
    *("apscheduler", "click", "cryptography", "dnspython", "httpx", "pydantic", "pyyaml"),
    *("sqlalchemy", "starlette", "structlog", "tzdata", "uvicorn"),
)


@click.command()
@shared_options
@pass_settings
def version(settings: Settings) -> None:
    """Show the versions of Pantau and of what it stands on."""
    found = versions()
    if settings.output is Output.JSON:
        print_json(found)
    elif settings.quiet:
        click.echo(found["pantau"])
    else:
        width = max(map(len, found))
        click.echo("\n".join(f"{name:<{width}}  {text}" for name, text in found.items()))


def versions() -> dict[str, str]:
    """Return versions by name, Pantau's own first."""
    import platform
    import sqlite3
    import ssl

    return {
        "pantau": _version("pantau"),
        "python": platform.python_version(),
        "openssl": ssl.OPENSSL_VERSION.removeprefix("OpenSSL "),
        "sqlite": sqlite3.sqlite_version,
        **{name: _version(name) for name in _LIBRARIES},
    }


def _version(distribution: str) -> str:
    try:
        return installed(distribution)
    except PackageNotFoundError:
        return "not installed"
