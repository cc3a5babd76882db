r"""Ask an LDAP directory (OpenLDAP, 389, Active Directory) whether it answers, and what it finds.

```yaml
- id: direktori-ldap
  service: sso
  type: ldap
  host: ldap.example.go.id
  tls: starttls
  login: {dn: "cn=pantau,ou=layanan,dc=example,dc=go,dc=id", password: {file: ldap.key}}
  search: {base: "ou=pegawai,dc=example,dc=go,dc=id", filter: "(uid=pantau)"}
  expect: {entries: {exactly: 1}, naming_contexts: ["dc=example,dc=go,dc=id"]}
```

Without `login` nobody logs in: the server is asked what it tells strangers of itself (its root
DSE). A proper refusal is an answer, too: the check is up, and the facts say what was refused; only
`busy` and `unavailable` fail with `status`. An answer that is none of LDAP fails with `protocol`.

With `login` a simple bind is made; Active Directory takes `name@domain` for `dn` as well. A refused
one fails with `status`, in the words of LDAP (`invalidCredentials (49)`). The password is sent over
TLS that was verified, and in no other way unless `insecure_login` allows it. `tls: starttls` must
be granted, or the check fails with `starttls`; `tls: implicit` speaks TLS from the first byte, as
port 636 does without being told.

`search` counts entries, without reading any attribute or showing any name; without
`expect.entries` it must find one at least. A filter is written as in RFC 4515, but for extensible
matches (`:=`), in at most 1,000 characters. A number that is not as expected fails with `answer`,
a search that the server refuses with `status`, and so does one that it cuts short too early.

Bahasa Indonesia

Pemeriksaan ini bertanya kepada direktori LDAP apa yang dilayaninya (root DSE), dan bila diberi
akun juga masuk (bind) dan menghitung hasil pencarian; isi direktori tidak dibaca. *Gangguan* bila
server tidak menjawab sebagai LDAP, menolak akun atau pencarian, TLS atau sertifikatnya salah, atau
jumlah hasilnya bukan yang diharapkan. *Menurun* bila sertifikat habis masa berlakunya dalam
`min_days` hari.
"""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from monitor.checktype import CheckSpec, CheckType, MeasurementInfo, ProbeContext
from monitor.domain.blackbox import ADDRESS, CERTIFICATE
from monitor.domain.observation import Outcome, Series, series
from monitor.fields import Secret, shown
from monitor.fields.databasekeys import DatabaseExpectation, DatabaseKeys

if TYPE_CHECKING:
    from monitor.conditions.databaseattempt import Plan, Secure
    from monitor.conditions.ldap import LdapConditions
    from monitor.net.ldap import LdapHeard, LdapLogin
    from monitor.net.ldapwire import Question
    from monitor.net.reader import Reader

_ENTRIES = series("pantau_ldap_entries")
_MOST_ENTRIES = 999
_MOST_SHOWN = 20

Name = Annotated[str, Field(max_length=1000, pattern=r"^[^\x00-\x1f\x7f]*$")]
Count = Annotated[int, Field(ge=0, le=_MOST_ENTRIES)]


def _filter(text: str) -> str:
    from monitor.net.ldapfilter import encode

    try:
        encode(text)
    except ValueError as error:
        raise ValueError(f"{shown(text)}: {error}") from None
    return text


class LdapCredentials(BaseModel):
    """Who logs in. Give an account that may do nothing else than this check does."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    dn: Name = Field(min_length=1, description="Distinguished name of who logs in.")
    password: Secret = Field(description="Password.")


class LdapSearch(BaseModel):
    """What to search."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    base: Name = Field(description="Distinguished name of the entry to begin from.")
    scope: Literal["base", "one", "sub"] = Field(
        default="sub",
        description="`base`: that entry alone; `one`: those directly below; `sub`: all of both.",
    )
    filter: Annotated[str, AfterValidator(_filter)] = Field(
        default="(objectClass=*)", description="Which entries count, `(&(a=b)(c=d*))`."
    )


class EntriesExpectation(BaseModel):
    """How many entries a search must find."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    exactly: Count | None = Field(default=None, description="So many, no more and no less.")
    min: Count | None = Field(default=None, description="At least so many.")
    max: Count | None = Field(default=None, description="At most so many.")


class LdapExpectation(DatabaseExpectation):
    """What must be true of an LDAP server."""

    naming_contexts: tuple[Name, ...] = Field(
        default=(), max_length=20, description="Trees that the server must hold."
    )
    entries: EntriesExpectation | None = Field(
        default=None, description="How many entries `search` must find. Default: at least one."
    )


class LdapSpec(DatabaseKeys, CheckSpec):
    """Fields of a check of type `ldap`."""

    protocol: ClassVar[str] = "ldap"
    ports: ClassVar[tuple[int, int]] = (389, 636)

    login: LdapCredentials | None = Field(default=None, description="Log in, and out again.")
    search: LdapSearch | None = Field(default=None, description="Count what a search finds.")
    expect: LdapExpectation = Field(
        default=LdapExpectation(), description="Conditions on the server."
    )

    @property
    def logs_in(self) -> bool:
        return self.login is not None

    def faults(self) -> Iterator[str]:
        yield from super().faults()
        entries = self.expect.entries
        if entries is None:
            return
        if self.search is None:
            yield "expect.entries: give search, too"
        if entries.exactly is not None and (entries.min, entries.max) != (None, None):
            yield "expect.entries: exactly leaves no room for min and max"
        if (entries.exactly, entries.min, entries.max) == (None, None, None):
            yield "expect.entries: give exactly, min or max"
        if None not in (entries.min, entries.max) and (entries.min or 0) > (entries.max or 0):
            yield f"expect.entries: min {entries.min} is more than max {entries.max}"


async def probe(spec: LdapSpec, context: ProbeContext) -> Outcome:
    """Visit the server over one family or both."""
    from monitor.conditions.databaseattempt import visit

    return await visit(
        context.network, plan_of(spec), spec.ip, deadline=context.deadline, now=context.now
    )


def plan_of(spec: LdapSpec) -> "Plan[LdapHeard]":
    """Return what the visit consists of."""
    from monitor.conditions.databaseattempt import Plan, certificate_of, visit_of
    from monitor.conditions.ldap import judge
    from monitor.net.ldap import LARGEST_ANSWERS, Ldap, LdapHeard

    login, conditions = login_of(spec), conditions_of(spec)
    question = question_of(spec, conditions)

    async def converse(reader: "Reader", heard: LdapHeard, secure: "Secure") -> None:
        session = Ldap(reader)
        if spec.security == "starttls":
            await session.start_tls()
            await secure()
        if login is not None:
            await session.log_in(heard, login)
        await session.learn(heard)
        if question is not None:
            await session.search(heard, question)
        await session.leave()

    return Plan(
        visit=visit_of(spec),
        certificate=certificate_of(spec),
        listen=LdapHeard,
        converse=converse,
        judge=lambda heard, seconds: judge(conditions, heard, seconds),
        shown=facts_of,
        measured=measured,
        largest=LARGEST_ANSWERS,
        secrets=() if login is None else (login.password,),
    )


def login_of(spec: LdapSpec) -> "LdapLogin | None":
    """Return who logs in, with the password as it is now."""
    from monitor.net.ldap import LdapLogin

    if spec.login is None:
        return None
    return LdapLogin(name=spec.login.dn, password=spec.login.password.reveal())


def conditions_of(spec: LdapSpec) -> "LdapConditions":
    """Return the conditions that a check's keys hold."""
    from monitor.conditions.ldap import LdapConditions

    expect = spec.expect
    entries = expect.entries or EntriesExpectation(min=1)
    return LdapConditions(
        naming_contexts=expect.naming_contexts,
        fewest=entries.min if entries.exactly is None else entries.exactly,
        most=entries.max if entries.exactly is None else entries.exactly,
        max_seconds=expect.max_seconds,
    )


def question_of(spec: LdapSpec, conditions: "LdapConditions") -> "Question | None":
    """Return what to search, None for nothing."""
    from monitor.net.ldapfilter import encode
    from monitor.net.ldapwire import Question, Scope

    if spec.search is None:
        return None
    return Question(
        base=spec.search.base,
        scope=Scope[spec.search.scope.upper()],
        filter=encode(spec.search.filter),
        limit=conditions.limit,
    )


def measured(heard: "LdapHeard") -> dict[Series, float]:
    """Return the number of entries, where a search counted them."""
    return {} if heard.entries is None else {_ENTRIES: float(heard.entries)}


def facts_of(heard: "LdapHeard") -> dict[str, Any]:
    """Return as facts what was heard."""
    found: dict[str, Any] = {}
    if heard.logged_in:
        found["login"] = "accepted"
    if heard.silence is not None:
        found["not_told"] = heard.silence
    if heard.entries is not None:
        found["entries"] = heard.entries
    if heard.root is None:
        return found
    for fact, name in (
        ("naming_contexts", "namingcontexts"),
        ("ldap_versions", "supportedldapversion"),
    ):
        if name in heard.root:
            found[fact] = list(heard.root[name][:_MOST_SHOWN])
    vendor = (*heard.root.get("vendorname", ()), *heard.root.get("vendorversion", ()))
    if vendor:
        found["vendor"] = " ".join(vendor[:2])
    return found


CHECK_TYPE = CheckType(
    spec=LdapSpec,
    probe=probe,
    measurements=(
        *(MeasurementInfo(*shared) for shared in (*ADDRESS, *CERTIFICATE)),
        MeasurementInfo(
            "pantau_ldap_entries", "Entries that the search found, as far as they were counted."
        ),
    ),
)
