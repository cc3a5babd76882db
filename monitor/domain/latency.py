"""How long answers took, in a few dozen bytes: a histogram whose bins grow by a fixed ratio.

After DDSketch (Masson, Rim, Lee: VLDB 2019), but in whole numbers: the bounds are a table that
anybody can compute, so two machines never sort a duration into different bins. A quantile is
within 2 % of the one of all durations; sketches add up, and their sum is
the sketch of all durations together, exactly.
"""

from bisect import bisect_right
from collections import Counter
from collections.abc import Iterable, Mapping
from fractions import Fraction
from itertools import compress, repeat

RELATIVE_ERROR = Fraction(2, 100)

# Microseconds: a little over the longest that a probe may take.
_LONGEST = 86_400_000_000
_SEVEN_BITS = 0x7F


def _bounds() -> list[int]:
    """Return where each bin begins. A bin [low, high) has high ≤ low · 51 / 49, and holds one
    number at least: what lies in its middle is then within 2 % of each number in it.
    """
    bounds = [0, 1]
    while bounds[-1] < _LONGEST:
        bounds.append(max(bounds[-1] + 1, bounds[-1] * 51 // 49))
    return bounds


BOUNDS = _bounds()

# By number of the bin: how many durations are in it.
Sketch = Mapping[int, int]


def sketch(durations: Iterable[int]) -> Sketch:
    """Return the sketch of durations in microseconds."""
    return Counter(map(bisect_right, repeat(BOUNDS), durations))


def merged(sketches: Iterable[Sketch]) -> Sketch:
    """Return the sketch of all durations of several."""
    total: Counter[int] = Counter()
    for each in sketches:
        total.update(each)
    return total


def counts_of(written: Iterable[bytes]) -> Counter[int]:
    """Return the sketch of all durations of many that `packed` wrote, and nobody changed since.

    A month of a city has millions: that each is as it was written is not looked at again.
    """
    total = [0] * (len(BOUNDS) + 1)
    for each in written:
        _count(each, total)
    return Counter({number: total[number] for number in compress(range(len(total)), total)})


def quantile(of: Sketch, share: Fraction) -> Fraction | None:
    """Return the smallest duration that `share` of all do not exceed, None where there is none."""
    rank = -(-share * sum(of.values()) // 1)
    for number in sorted(of):
        rank -= of[number]
        if rank <= 0:
            return _middle(number)
    return None


def packed(of: Sketch) -> bytes:
    """Return a sketch as bytes: the first bin's number, and the counts from there on.

    Each is a number of seven bits a byte, lowest first, the eighth saying that more follow.
    After a count of 0 comes how many bins in all are empty there.
    """
    if not of:
        return b""
    numbers = sorted(of)
    written = bytearray(_varint(numbers[0]))
    following = numbers[0]
    for number in numbers:
        if number > following:
            written += b"\0" + _varint(number - following)
        written += _varint(of[number])
        following = number + 1
    return bytes(written)


def unpacked(written: bytes) -> Sketch:
    """Return the sketch that `packed` wrote. Raises ValueError for other bytes."""
    numbers = iter(_varints(written))
    found: dict[int, int] = {}
    number = next(numbers, 0)
    for count in numbers:
        if count:
            found[number] = count
            number += 1
        else:
            number += next(numbers, 0)
    if packed(found) != written:
        message = "no sketch of durations"
        raise ValueError(message)
    return found


def _count(written: bytes, total: list[int]) -> None:
    """Add what `packed` wrote to the counts by number of the bin."""
    number, value, shift = -1, 0, 0
    is_gap = False
    for byte in written:
        value |= (byte & _SEVEN_BITS) << shift
        if byte & 0x80:
            shift += 7
            continue
        if number < 0:
            number = value
        elif is_gap:
            number += value
            is_gap = False
        elif value:
            total[number] += value
            number += 1
        else:
            is_gap = True
        value = shift = 0


def _middle(number: int) -> Fraction:
    """Return what is equally far, by its share, from the least and the greatest in a bin."""
    low = BOUNDS[number - 1]
    high = BOUNDS[number] - 1 if number < len(BOUNDS) else low
    return Fraction(2 * low * high, low + high) if low else Fraction(0)


def _varint(number: int) -> bytes:
    written = bytearray()
    while number > _SEVEN_BITS:
        written.append(number & _SEVEN_BITS | 0x80)
        number >>= 7
    written.append(number)
    return bytes(written)


def _varints(written: bytes) -> Iterable[int]:
    number, shift = 0, 0
    for byte in written:
        number |= (byte & _SEVEN_BITS) << shift
        shift += 7
        if not byte & 0x80:
            yield number
            number, shift = 0, 0
    if shift:
        message = "a number that does not end"
        raise ValueError(message)
