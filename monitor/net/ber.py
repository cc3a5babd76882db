"""How LDAP and SNMP write things down: a strict, bounded part of BER (X.690).

Definite lengths and tags of one octet are all that either needs (RFC 4511, 5.1; RFC 3417, 8).
Depth, size and numbers are bounded, so that reading costs no more than the bytes are long.
"""

from collections.abc import Iterable

BOOLEAN, INTEGER, OCTET_STRING, NULL, OID, ENUMERATED = 0x01, 0x02, 0x04, 0x05, 0x06, 0x0A
SEQUENCE, SET = 0x30, 0x31

DEEPEST = 16  # elements within elements
LARGEST = 1_048_576  # bytes of one element
_CONSTRUCTED = 0x20
_APPLICATION, _CONTEXT = 0x40, 0x80
_LONG_TAG = 0x1F
_LONGEST_LENGTH = 4  # octets; Active Directory always uses four
_LONGEST_INTEGER = 9  # octets: 64 bits without a sign
_LONGEST_ARC = 5  # octets: 32 bits in sevens
_LARGEST_ARC = 0xFFFF_FFFF
_MOST_ARCS = 128  # of an object identifier (RFC 2578, 3.5)


class Malformed(ValueError):
    """Bytes that are not what they should be."""


def application(number: int, *, constructed: bool = True) -> int:
    """Return the tag of a protocol's own type, `number` below 31."""
    return _APPLICATION | (_CONSTRUCTED if constructed else 0) | number


def context(number: int, *, constructed: bool = False) -> int:
    """Return the tag that says which field of its surroundings an element is."""
    return _CONTEXT | (_CONSTRUCTED if constructed else 0) | number


def element(tag: int, content: bytes) -> bytes:
    """Return `content` with its tag and its length before it."""
    size = len(content)
    if size < 0x80:
        return bytes([tag, size]) + content
    length = size.to_bytes((size.bit_length() + 7) // 8)
    return bytes([tag, 0x80 | len(length)]) + length + content


def sequence(parts: Iterable[bytes], tag: int = SEQUENCE) -> bytes:
    """Return elements within one."""
    return element(tag, b"".join(parts))


def integer(number: int, tag: int = INTEGER) -> bytes:
    """Return a number in as few octets as hold it with its sign."""
    bits = (number if number >= 0 else ~number).bit_length()
    return element(tag, number.to_bytes(bits // 8 + 1, signed=True))


def boolean(value: bool, tag: int = BOOLEAN) -> bytes:  # noqa: FBT001  the value itself
    return element(tag, b"\xff" if value else b"\0")


def octet_string(octets: bytes, tag: int = OCTET_STRING) -> bytes:
    return element(tag, octets)


def null(tag: int = NULL) -> bytes:
    return element(tag, b"")


def oid(text: str, tag: int = OID) -> bytes:
    """Return an object identifier, such as `1.3.6.1.2.1.1.3.0`; ValueError where it is none."""
    arcs = _arcs(text)
    first, second, *others = arcs
    return element(tag, b"".join(map(_arc, (first * 40 + second, *others))))


def _arcs(text: str) -> list[int]:
    words = text.split(".")
    if not 2 <= len(words) <= _MOST_ARCS:
        raise ValueError(f"an object identifier has 2 to {_MOST_ARCS} numbers")
    if not all(word.isascii() and word.isdecimal() and len(word) <= 10 for word in words):
        raise ValueError("an object identifier is written in numbers and dots, 1.3.6.1")
    arcs = [int(word) for word in words]
    if max(arcs) > _LARGEST_ARC or arcs[0] > 2 or (arcs[0] < 2 and arcs[1] > 39):
        raise ValueError("an object identifier begins with 0.0 to 2.x and stays within 32 bits")
    return arcs


def _arc(number: int) -> bytes:
    octets = [number & 0x7F]
    while number := number >> 7:
        octets.append(0x80 | number & 0x7F)
    return bytes(reversed(octets))


def whole_size(octets: bytes | bytearray) -> int | None:
    """Return how long the element that `octets` begin with is, its head included.

    None means that more must be there to say. Raises Malformed on what begins no element that
    can be read, or one over LARGEST.
    """
    head = _head(octets, 0, len(octets))
    if head is None:
        return None
    start, size = head
    if start + size > LARGEST:
        raise Malformed(f"an element of {size} bytes")
    return start + size


def _head(octets: bytes | bytearray, at: int, end: int) -> tuple[int, int] | None:
    """Return where the content of the element at `at` begins and its size; None if cut."""
    if at < end and octets[at] & _LONG_TAG == _LONG_TAG:
        raise Malformed("a tag of several octets")
    if at + 2 > end:
        return None
    size = octets[at + 1]
    if size < 0x80:
        return at + 2, size
    count = size & 0x7F
    if not 1 <= count <= _LONGEST_LENGTH:
        raise Malformed("an indefinite length" if not count else f"a length in {count} octets")
    start = at + 2 + count
    return None if start > end else (start, int.from_bytes(octets[at + 2 : start]))


class Fields:
    """What is left to read of some bytes, one element after the other. All raises Malformed."""

    def __init__(self, octets: bytes, depth: int = 0) -> None:
        if depth > DEEPEST:
            raise Malformed(f"over {DEEPEST} elements within one another")
        self._octets = octets
        self._at = 0
        self._depth = depth

    @property
    def left(self) -> bool:
        """Whether anything is left."""
        return self._at < len(self._octets)

    @property
    def tag(self) -> int | None:
        """The next element's tag, None at the end."""
        return self._octets[self._at] if self.left else None

    @property
    def at(self) -> int:
        """How many bytes have been read: where the next element begins, and the last one ended."""
        return self._at

    def any(self) -> tuple[int, bytes]:
        """Return the next element's tag and content."""
        if not self.left:
            raise Malformed("an element is missing")
        end = len(self._octets)
        head = _head(self._octets, self._at, end)
        if head is None:
            raise Malformed("an element is cut")
        tag, (start, size) = self._octets[self._at], head
        if size > end - start:
            raise Malformed(f"{size} bytes are announced, {end - start} are there")
        self._at = start + size
        return tag, self._octets[start : start + size]

    def content(self, tag: int) -> bytes:
        """Return the content of the next element, which must bear `tag`."""
        if (there := self.tag) is not None and there != tag:
            raise Malformed(f"tag {there:#04x} in place of {tag:#04x}")
        return self.any()[1]

    def fields(self, tag: int = SEQUENCE) -> "Fields":
        """Return what is within the next element."""
        return Fields(self.content(tag), self._depth + 1)

    def integer(self, tag: int = INTEGER) -> int:
        """Return a number with its sign."""
        return integer_of(self.content(tag))

    def octet_string(self, tag: int = OCTET_STRING) -> bytes:
        return self.content(tag)

    def boolean(self, tag: int = BOOLEAN) -> bool:
        octets = self.content(tag)
        if len(octets) != 1:
            raise Malformed(f"a truth value of {len(octets)} bytes")
        return octets != b"\0"

    def oid(self, tag: int = OID) -> str:
        return oid_of(self.content(tag))

    def end(self) -> None:
        """Raise Malformed if anything is left."""
        if self.left:
            raise Malformed(f"{len(self._octets) - self._at} bytes too many")


def integer_of(content: bytes) -> int:
    """Return the number, with its sign, that the content of an element holds."""
    if not 1 <= len(content) <= _LONGEST_INTEGER:
        raise Malformed(f"a number of {len(content)} bytes")
    return int.from_bytes(content, signed=True)


def oid_of(content: bytes) -> str:
    """Return the object identifier that the content of an element holds, in numbers and dots."""
    arcs = _read_arcs(content)
    top = min(arcs[0] // 40, 2)
    return ".".join(map(str, (top, arcs[0] - top * 40, *arcs[1:])))


def _read_arcs(content: bytes) -> list[int]:
    if not content or content[-1] & 0x80:
        raise Malformed("an object identifier is cut")
    arcs, number, octets = [], 0, 0
    for octet in content:
        if octet == 0x80 and not octets:
            raise Malformed("an object identifier is padded")
        number, octets = number << 7 | octet & 0x7F, octets + 1
        if octets > _LONGEST_ARC:
            raise Malformed("a number of an object identifier is over 32 bits")
        if octet < 0x80:
            arcs.append(number)
            number = octets = 0
    if len(arcs) >= _MOST_ARCS:
        raise Malformed(f"an object identifier of over {_MOST_ARCS} numbers")
    return arcs
