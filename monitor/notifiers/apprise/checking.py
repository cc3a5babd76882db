"""Says of a secret whether it holds a URL of Apprise's, without showing anything of it."""

import re
from collections.abc import Callable
from importlib.util import find_spec
from subprocess import TimeoutExpired

from monitor.fields import Secret
from monitor.notifiers.apprise.process import understands

_URL = re.compile(r"[A-Za-z][A-Za-z0-9+.-]{0,31}://\S{1,4096}\Z")


def understandable(secret: Secret) -> Secret:
    """Return a secret that Apprise understands; raise ValueError, never showing it."""
    url = secret.reveal().strip()
    if not _URL.match(url):
        raise ValueError(
            "the secret is to hold one URL of Apprise's: service://, and what it asks for"
        )
    if find_spec("apprise") is None:
        raise ValueError("Apprise needs an extra: pip install 'pantau[apprise]'")
    if not is_understood(url):
        raise ValueError(
            "Apprise does not understand the secret's URL: it knows no such service, or the URL "
            "lacks a part that the service asks for"
        )
    return secret


def is_understood(url: str, ask: Callable[[str], bool] = understands) -> bool:
    """Say whether a URL may be configured; raise ValueError where Apprise cannot run at all.

    A machine too busy to ask is no mistake of the writer's: the first message tells.
    """
    try:
        return ask(url)
    except (OSError, TimeoutExpired):
        return True
    except ValueError:
        raise ValueError("Apprise is installed, but it does not run here") from None
