"""The key that signs links in messages: a file of the data directory, made at the first start."""

import os
import re
import secrets
import stat
from pathlib import Path

from monitor.app.keyfile import write_key
from monitor.domain.acklink import KEY_BYTES

NAME = "link.key"

_FORM = re.compile(rb"[0-9a-f]{%d}\n\Z" % (2 * KEY_BYTES))


class NoLinkKey(Exception):
    """The key can't be had. The message names the file and says what to do, and never the key."""


def link_key(data_dir: Path) -> bytes:
    """Return the key of a data directory that we hold; make one where there is none.

    Raise NoLinkKey when the file is open to others, damaged, or can't be read or written.
    """
    path = data_dir / NAME
    try:
        if not os.path.lexists(path):
            write_key(path, secrets.token_hex(KEY_BYTES))
        return _read(path)
    except OSError as error:
        raise NoLinkKey(f"{path}: {error.strerror}") from error


def _read(path: Path) -> bytes:
    flags = os.O_RDONLY | os.O_NONBLOCK | os.O_NOFOLLOW | os.O_CLOEXEC
    with os.fdopen(os.open(path, flags), "rb") as file:
        mode = os.fstat(file.fileno()).st_mode
        if not stat.S_ISREG(mode):
            raise NoLinkKey(f"{path} is no regular file: remove it, and another key is made")
        if mode & 0o077:
            raise NoLinkKey(
                f"{path} is open to others (mode {stat.S_IMODE(mode):04o}): whoever read it can "
                "sign links. Remove it, and another key is made; links sent before end with it"
            )
        text = file.read(1024)
    if not _FORM.match(text):
        raise NoLinkKey(
            f"{path} holds no key: restore it from a backup, or remove it, and another one is made"
        )
    return bytes.fromhex(text.decode())
