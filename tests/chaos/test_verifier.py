"""The program that verifies a ledger without Pantau, on ten thousand logs and damaged ones."""

import random

from tests.unit.ledger.bundles import disagreements, passed_though_damaged

_LOGS = 10_000
_DAMAGED = 1_000
_LOGS_A_ROUND = 4


def test_ten_thousand_logs() -> None:
    """Of honest, changed, cut, re-signed and handed-over logs both verifiers say the same."""
    refused = disagreements(random.Random(32), _LOGS // _LOGS_A_ROUND)
    print(f"{refused} of {_LOGS} refused by both")
    assert refused > _LOGS / 4


def test_a_thousand_damaged_bundles() -> None:
    """None of a thousand damaged bundles passes."""
    assert passed_though_damaged(random.Random(33), _DAMAGED) == []
