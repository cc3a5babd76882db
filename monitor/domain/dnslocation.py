"""Places as LOC records have them (RFC 1876)."""

import re
from collections.abc import Sequence

_THOUSANDTHS = 3_600_000  # of a second of arc, in a degree
_EQUATOR = 2**31
_BELOW_SEA_METRES = 100_000
_ANGLE = r"(\d{1,3})(?: (\d{1,2})(?: (\d{1,2}(?:\.\d{1,3})?))?)? "
_SIZE = r"(?: (\d+(?:\.\d{1,2})?)m?)?"
_HEIGHT = r"(-?\d+(?:\.\d{1,2})?)m?"
_PLACE = re.compile(rf"{_ANGLE}([NS]) {_ANGLE}([EW]) {_HEIGHT}{_SIZE * 3}\Z", re.IGNORECASE)
_MOST_DIGITS = 10  # of a size in centimetres
_DEFAULT_SIZES = (0x12, 0x16, 0x13)  # 1 m, 10 km, 10 m


def location(latitude: int, longitude: int, altitude: int, sizes: Sequence[int]) -> str:
    """Return the text of a place, of the numbers on the wire.

    `sizes` are the size and the two precisions, each a digit and a power of ten of centimetres.
    """
    metres = altitude / 100 - _BELOW_SEA_METRES
    high = f"{metres:.2f}m" if altitude % 100 else f"{metres:.0f}m"
    angles = f"{_angle(latitude, 'NS')} {_angle(longitude, 'EW')}"
    return " ".join([angles, high, *(f"{_metres(size)}m" for size in sizes)])


def _angle(value: int, sides: str) -> str:
    side = sides[0] if value > _EQUATOR else sides[1]
    degrees, rest = divmod(abs(value - _EQUATOR), _THOUSANDTHS)
    minutes, thousandths = divmod(rest, 60_000)
    return f"{degrees:02d} {minutes:02d} {thousandths / 1000:.3f} {side}"


def _metres(size: int) -> str:
    digit, power = size >> 4, size & 0x0F
    if power < 2:
        return f"0.{digit * 10**power:02d}"
    return str(digit) + "0" * (power - 2)


def canonical_location(text: str) -> str:
    """Return a place in its one form, however it is written. Raise ValueError for what is none."""
    match = _PLACE.match(" ".join(text.split()))
    if match is None:
        raise ValueError
    north = _value(match[1], match[2], match[3], positive=match[4].upper() == "N")
    east = _value(match[5], match[6], match[7], positive=match[8].upper() == "E")
    altitude = round((float(match[9]) + _BELOW_SEA_METRES) * 100)
    sizes = [
        default if written is None else _packed(written)
        for written, default in zip(match.group(10, 11, 12), _DEFAULT_SIZES, strict=True)
    ]
    return location(north, east, altitude, sizes)


def _value(degrees: str, minutes: str | None, seconds: str | None, *, positive: bool) -> int:
    thousandths = int(degrees) * _THOUSANDTHS + int(minutes or 0) * 60_000
    thousandths += round(float(seconds or 0) * 1000)
    return _EQUATOR + (thousandths if positive else -thousandths)


def _packed(metres: str) -> int:
    digits = str(round(float(metres) * 100))
    if len(digits) > _MOST_DIGITS:
        raise ValueError
    return int(digits[0]) << 4 | len(digits) - 1
