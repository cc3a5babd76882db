"""Who has the ledger signed, and takes checkpoints to where others keep them."""

from pathlib import Path

from monitor.app.notary import FILE, Notary
from monitor.ledger.checkpoint import Checkpoint
from monitor.ledger.note import Signer
from monitor.ports import StoreError
from tests.fakes import FakeTelemetry

OURS = Signer("pantau/utama", bytes(32))
ONE = OURS.signed(Checkpoint("pantau/utama", 1, bytes(32)).text)
TWO = OURS.signed(Checkpoint("pantau/utama", 2, bytes([1] * 32)).text)


class Signing:
    """A store whose next checkpoints are these; None for one that fails."""

    def __init__(self, *answers: str | None) -> None:
        self.answers = list(answers)

    async def sign(self) -> str | None:
        answer = self.answers.pop(0)
        if answer == "fails":
            raise StoreError("disk full")
        return answer


async def test_checkpoint_goes_out(tmp_path: Path) -> None:
    """The newest checkpoint stands in messages, in a file and in a metric."""
    telemetry = FakeTelemetry()
    notary = Notary(Signing(ONE, TWO, TWO), telemetry, tmp_path)
    for _ in range(3):
        await notary.sign()

    assert notary.checkpoint == TWO
    assert (tmp_path / FILE).read_text() == TWO
    assert [each["size"] for each in telemetry.of("ledger_signed")] == [1, 2]


async def test_store_that_fails(tmp_path: Path) -> None:
    """While nothing can be signed, the checkpoint of before is the newest one."""
    notary = Notary(Signing(ONE, "fails", None), FakeTelemetry(), tmp_path)
    for _ in range(3):
        await notary.sign()

    assert notary.checkpoint == ONE


async def test_file_that_cannot_be_written(tmp_path: Path) -> None:
    """A file that can't be written keeps no checkpoint from messages."""
    notary = Notary(Signing(ONE), FakeTelemetry(), tmp_path / "missing")
    await notary.sign()

    assert notary.checkpoint == ONE
