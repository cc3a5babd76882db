"""The shapes of replies that line protocols share."""

from monitor.domain.observation import FailureKind
from monitor.net.reader import Reader


async def reply(reader: Reader, kind: FailureKind | None = None) -> tuple[bytes, list[bytes]]:
    """Return the code of a reply of SMTP or FTP, and the texts of its lines (RFC 5321, 4.2).

    `kind` is that of the failure when it is none.
    """
    line = await reader.line()
    code, lines = line[:3], [line[4:]]
    if len(code) != 3 or not code.isdigit():
        raise reader.unexpected("a reply with a code", line, kind)
    # In FTP lines between the first and the last need no code (RFC 959, 4.2).
    while line[3:4] == b"-" or line[:3] != code:
        line = await reader.line()
        lines.append(line[4:])
    return code, lines


async def tagged(
    reader: Reader, tag: bytes, command: bytes, shown_as: str, kind: FailureKind | None = None
) -> list[bytes]:
    """Send a command of IMAP; return the untagged CAPABILITY lines before the server's OK.

    `shown_as` is what messages call the command; `kind` that of the failure without an OK.
    """
    await reader.send(tag + b" " + command + b"\r\n")
    listed = []
    while not (line := await reader.line()).startswith(tag + b" "):
        if line.upper().startswith(b"* CAPABILITY"):
            listed.append(line)
    if not line[len(tag) + 1 :].upper().startswith(b"OK"):
        raise reader.unexpected(f"OK to {shown_as}", line, kind)
    return listed
