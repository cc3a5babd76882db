"""Secrets that stand in a URL or a header: long enough not to be guessed, and plain."""

import re
from typing import Annotated

from pydantic import AfterValidator

from monitor.fields.secrets import Secret

_TOKEN = re.compile(r"[A-Za-z0-9._~-]{16,200}\Z")


def _token(secret: Secret) -> Secret:
    if not _TOKEN.match(secret.reveal()):
        raise ValueError("a token is 16 to 200 letters, digits, - _ . or ~: openssl rand -hex 16")
    return secret


Token = Annotated[Secret, AfterValidator(_token)]
