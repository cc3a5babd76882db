import resource

import pytest

from monitor.app.limits import fitting


@pytest.mark.parametrize(
    ("wanted", "descriptors", "probes"),
    [(4000, 8192, 4000), (4000, 1024, 928), (4000, 64, 8), (10, resource.RLIM_INFINITY, 10)],
)
def test_probes_leave_descriptors_for_the_rest(wanted, descriptors, probes):
    """Probes never take the descriptors that the store and the listeners need."""
    assert fitting(wanted, descriptors) == probes
