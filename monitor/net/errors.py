"""The one exception of the network layer."""

from monitor.domain.observation import Failure, FailureKind, UnknownCause


class NetError(Exception):
    """A connection, a query or a request did not succeed.

    `failure` says why, with the actual value. `cause` is set when the fault is ours (no
    descriptors, no route, no memory), so that nothing is known of the target.
    `answered` says that something came back from the target before it failed.
    """

    def __init__(
        self,
        kind: FailureKind,
        detail: str,
        *,
        cause: UnknownCause | None = None,
        answered: bool = False,
    ) -> None:
        super().__init__(detail)
        self.failure = Failure(kind, detail)
        self.cause = cause
        self.answered = answered
