"""Alertmanager: every instance of a cluster is told what is down, again and again.

```yaml
receivers:
  - name: am
    type: alertmanager
    urls: ["http://10.0.0.8:9093", "http://10.0.0.9:9093"]
```

Each news is posted to `/api/v2/alerts` of every instance at once, and everything that is down once
a minute, with an `endsAt` four minutes ahead; what has ended is posted for another 15 minutes, with
the time of its end. So an instance that was away or restarted is right again within a minute, and
one that hears nothing more of us lets our alerts end. A news has arrived when one instance took it:
they are to be one cluster. 200 means that an instance has the alerts; whom it tells is up to its
own routes.

Bahasa Indonesia

Kabar untuk Alertmanager: setiap gangguan dikirim ke semua instans sekaligus, lalu diulang tiap
menit selama masih berlangsung; yang sudah pulih diulang selama 15 menit dengan waktu pulihnya.
Instans yang sempat mati atau dinyalakan ulang menyusul dalam satu menit. Kabar dianggap sampai
bila satu instans menerimanya; siapa yang diberi tahu ditentukan oleh aturan Alertmanager sendiri.
"""

import asyncio
import base64
import json
from collections.abc import Awaitable, Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from time import monotonic
from typing import Annotated, Any, Self
from urllib.parse import urlsplit

import structlog
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from monitor.domain.alert import Alert
from monitor.domain.text import visible_text
from monitor.fields import Secret
from monitor.locales.messages_alertmanager import alertmanager_alerts, fingerprint
from monitor.locales.messages_native import Wording, encoded, time_json
from monitor.ports import Notifier, Undelivered
from monitor.receivertype import ReceiverContext, ReceiverType
from monitor.receivertype.keys import PostingSpec, ReceiverUrl, unencrypted
from monitor.receivertype.posting import judge, post
from monitor.receivertype.services import wording_of

_PATH = "/api/v2/alerts"
_BATCH = 64
_LIFETIME = timedelta(minutes=4)
_ENDS_FOR = timedelta(minutes=15)
_GRACE_SECONDS = 1.0
_MOST_INSTANCES = 8
# Something in the batch is refused, or it is too long for a proxy. It is split.
_REFUSALS = frozenset({400, 413})

log = structlog.get_logger()

Entry = Mapping[str, Any]


def _base(url: str) -> str:
    parts = urlsplit(url)
    if parts.query:
        raise ValueError("an instance's URL has no query: give its address and perhaps a path")
    if parts.path.rstrip("/").endswith("/api/v2/alerts"):
        raise ValueError("leave out /api/v2/alerts: it is added to the address")
    return url.rstrip("/")


def _different(urls: tuple[str, ...]) -> tuple[str, ...]:
    if len(set(urls)) < len(urls):
        raise ValueError("an instance is named twice")
    return urls


class BasicAuth(BaseModel):
    """A user and a password, sent as HTTP Basic authentication."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    username: str = Field(
        min_length=1, pattern=r"^[^:\x00-\x1f\x7f]+$", description="User name, without a colon."
    )
    password: Secret = Field(description="Password.")


class AlertmanagerSpec(PostingSpec):
    """The keys of an Alertmanager receiver."""

    urls: Annotated[
        tuple[Annotated[ReceiverUrl, AfterValidator(_base)], ...], AfterValidator(_different)
    ] = Field(
        min_length=1,
        max_length=_MOST_INSTANCES,
        description="Addresses of all instances of one cluster, with the path of "
        "`--web.route-prefix` if there is one: https, or http to an address of this machine or of "
        "a private network.",
    )
    basic_auth: BasicAuth | None = Field(
        default=None, description="User and password for Basic authentication."
    )
    bearer: Secret | None = Field(default=None, description="Sent as `Authorization: Bearer …`.")

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        if self.basic_auth is not None and self.bearer is not None:
            raise ValueError("give one of basic_auth and bearer")
        return self

    def warnings(self) -> tuple[str, ...]:
        """Return what a reader of the configuration should know."""
        return tuple(text for url in self.urls for text in unencrypted(f"urls: {url}", url))


@dataclass(frozen=True, slots=True)
class Alertmanager:
    """One configured cluster. Two are equal when they would post the same to the same places.

    `lifetime` is how long an alert goes on without being posted again.
    """

    spec: AlertmanagerSpec
    wording: Wording
    context: ReceiverContext = field(compare=False, repr=False)
    lifetime: timedelta = _LIFETIME
    grace_seconds: float = _GRACE_SECONDS
    monotonic: Callable[[], float] = field(default=monotonic, compare=False, repr=False)
    _locks: dict[str, asyncio.Lock] = field(
        default_factory=dict, init=False, compare=False, repr=False
    )

    def payload(self, row_id: str, alert: Alert) -> bytes:  # noqa: ARG002  labels identify it
        """Return the alerts to post; until when those that go on hold is added at each attempt."""
        return encoded({"alerts": alertmanager_alerts([alert], self.wording)})

    async def notify(self, row_id: str, body: bytes, now: datetime) -> None:  # noqa: ARG002
        """Post `body` to all instances; return when one took all of it, else raise Undelivered.

        The others get a moment more. What one of them missed comes with the next restatement.
        """
        posted = lasting(json.loads(body)["alerts"], now, self.lifetime)

        async def entries() -> Sequence[Entry]:
            return posted

        tasks = {
            asyncio.create_task(self._locked(url, entries, now)): url for url in self.spec.urls
        }
        try:
            await _until_one_took_it(tasks, self.grace_seconds)
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
        errors = {url: _error(task) for task, url in tasks.items()}
        if None in errors.values():
            self._log_missed(errors)
            return
        raise most_hopeful([each for each in errors.values() if each is not None])

    async def restate(self, standing: Callable[[], Sequence[Alert]], now: datetime) -> None:
        """Post all that stands to all instances, which don't wait for each other."""

        async def entries() -> Sequence[Entry]:
            # Thousands of them take longer to put into words than the loop may be held up.
            said = await asyncio.to_thread(stated, standing(), self.wording, now)
            return lasting(said, now, self.lifetime)

        results = await asyncio.gather(
            *(self._locked(url, entries, now) for url in self.spec.urls), return_exceptions=True
        )
        for each in results:
            if isinstance(each, BaseException) and not isinstance(each, Undelivered):
                raise each
        if errors := [each for each in results if isinstance(each, Undelivered)]:
            raise Undelivered("; ".join(map(str, errors)), reason=errors[0].reason)

    async def _locked(
        self, url: str, entries: Callable[[], Awaitable[Sequence[Entry]]], now: datetime
    ) -> None:
        """Post to one instance. One at a time: what is older must not arrive after what is newer.

        So `entries` is asked once it is our turn.
        """
        async with self._locks.setdefault(url, asyncio.Lock()):
            whole = await entries()
            for first in range(0, len(whole), _BATCH):
                await self._post(url, whole[first : first + _BATCH], now)

    async def _post(self, url: str, entries: Sequence[Entry], now: datetime) -> None:
        """Post `entries`; when they are refused, post halves, so that only what is bad is missing.

        Raise Undelivered at the first that fails otherwise, or at the end for what was refused.
        """
        refused: Undelivered | None = None
        ahead = [entries]
        while ahead:
            some = ahead.pop()
            error = await self._attempt(url, some, now)
            if error is None:
                continue
            if not error.permanent:
                raise error
            if len(some) > 1:
                middle = len(some) // 2
                ahead += [some[middle:], some[:middle]]
                continue
            refused = error
            log.error("alertmanager.refused", receiver=self.context.name, detail=str(error))
        if refused is not None:
            raise refused

    async def _attempt(
        self, url: str, entries: Sequence[Entry], now: datetime
    ) -> Undelivered | None:
        """Return why `entries` did not arrive, or None. Only what is refused is permanent."""
        name = urlsplit(url).netloc
        try:
            answer = await post(
                self.context.network,
                url + _PATH,
                json.dumps(entries, ensure_ascii=False, separators=(",", ":")).encode(),
                {"Content-Type": "application/json", **self._credentials()},
                deadline=self.monotonic() + self.spec.timeout.total_seconds(),
                ca_file=self.spec.ca_file,
            )
        except Undelivered as error:
            return Undelivered(f"{name}: {error}", reason=error.reason)
        refusal = judge(answer, now, refusals=_REFUSALS)
        if refusal is None:
            return None
        said = visible_text(answer.body, 200) if refusal.permanent else ""
        return Undelivered(
            f"{name}: {refusal}" + (f": {said}" if said else ""),
            reason=refusal.reason,
            permanent=refusal.permanent,
            retry_after=refusal.retry_after,
        )

    def _credentials(self) -> Mapping[str, str]:
        if (basic := self.spec.basic_auth) is not None:
            pair = f"{basic.username}:{basic.password.reveal()}".encode()
            return {"Authorization": f"Basic {base64.b64encode(pair).decode()}"}
        if self.spec.bearer is not None:
            return {"Authorization": f"Bearer {self.spec.bearer.reveal()}"}
        return {}

    def _log_missed(self, errors: Mapping[str, Undelivered | None]) -> None:
        for error in errors.values():
            if error is not None:
                log.warning(
                    "alertmanager.missed",
                    receiver=self.context.name,
                    reason=error.reason,
                    detail=str(error),
                )
                self.context.missed(error.reason)


def stated(alerts: Iterable[Alert], wording: Wording, now: datetime) -> Sequence[Entry]:
    """Return what is posted of all that stands: the latest of each alert.

    An instance goes by what it was posted last, so that an end must not follow a new beginning.
    What ended longer ago than a quarter of an hour, while its incident goes on, is left out.
    """
    latest: dict[str, Entry] = {}
    going_on = [each for each in alerts if each.incident is None or each.incident.ended_at is None]
    ended = sorted(
        (each for each in alerts if each.incident is not None and each.incident.ended_at),
        key=lambda each: each.occurred_at,
    )
    for entry in alertmanager_alerts(ended, wording):
        latest[fingerprint(entry["labels"])] = entry
    long_ago = now - _ENDS_FOR
    for entry in alertmanager_alerts(going_on, wording):
        if "endsAt" not in entry or datetime.fromisoformat(entry["endsAt"]) >= long_ago:
            latest[fingerprint(entry["labels"])] = entry
    return tuple(latest.values())


def lasting(entries: Iterable[Entry], now: datetime, lifetime: timedelta) -> Sequence[Entry]:
    """Return `entries` with an end for each: what goes on holds for `lifetime` from `now`.

    Never before its beginning, which would be refused.
    """
    until = now + lifetime
    return tuple(
        {**each, "endsAt": time_json(max(until, datetime.fromisoformat(each["startsAt"])))}
        if "endsAt" not in each
        else each
        for each in entries
    )


def most_hopeful(errors: Sequence[Undelivered]) -> Undelivered:
    """Return one error for those of all instances: it may pass unless each of them refused."""
    passing = [each for each in errors if not each.permanent]
    waits = [each.retry_after for each in passing if each.retry_after is not None]
    return Undelivered(
        "; ".join(map(str, errors)),
        reason=(passing or errors)[0].reason,
        permanent=not passing,
        retry_after=min(waits) if len(waits) == len(errors) else None,
    )


async def _until_one_took_it(tasks: Collection["asyncio.Task[None]"], grace_seconds: float) -> None:
    pending = set(tasks)
    while pending:
        done, pending = await asyncio.wait(pending, return_when=asyncio.FIRST_COMPLETED)
        if any(_error(task) is None for task in done):
            break
    if pending:
        await asyncio.wait(pending, timeout=grace_seconds)


def _error(task: "asyncio.Task[None]") -> Undelivered | None:
    if task.cancelled():
        return Undelivered("slower than the others", reason="timeout")
    error = task.exception()
    if error is None or isinstance(error, Undelivered):
        return error
    raise error


def connect(spec: AlertmanagerSpec, context: ReceiverContext) -> Notifier:
    """Return the notifier that a configured cluster stands for."""
    return Alertmanager(spec, wording_of(context), context)


RECEIVER_TYPE = ReceiverType(spec=AlertmanagerSpec, connect=connect)
