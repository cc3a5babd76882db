"""Where on the last page of a report electronic signatures go. Lengths are millimetres."""

from dataclasses import dataclass

from monitor.locales import Language

_POINTS_OF_INCH, _MILLIMETRES_OF_INCH = 72, 25.4
MARGIN, HEAD, FOOT = 17, 17, 19  # of the page: at its sides, at its head and at its foot


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A box by its distance from the left margin and above the foot margin."""

    left: int
    width: int = 84
    height: int = 18

    @property
    def points(self) -> tuple[int, int, int, int]:
        """Return left, bottom, right and top from the page's lower left, in points."""
        left = MARGIN + self.left
        corners = (left, FOOT, left + self.width, FOOT + self.height)
        a, b, c, d = (round(each * _POINTS_OF_INCH / _MILLIMETRES_OF_INCH) for each in corners)
        return a, b, c, d


SEAL = Place(left=0)
APPROVAL = Place(left=92)
TITLES = {
    Language.ID: ("Segel integritas (tidak tersertifikasi)", "Tanda tangan elektronik pejabat"),
    Language.EN: ("Integrity seal (not certified)", "Electronic signature of the official"),
}
"""What stands above the places of the seal and of the approval."""
