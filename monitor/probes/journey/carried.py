"""What one walk through a journey carries from step to step."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from monitor.domain.secrecy import hidden
from monitor.domain.text import veiled
from monitor.net.redirects import Cookies
from monitor.probes.journey.combinations import step_references
from monitor.probes.journey.keys import Step
from monitor.probes.journey.template import OF_SECRETS

_TOKEN = 8  # characters: what is shorter is a number or a word that messages need


@dataclass(slots=True, kw_only=True)
class Carried:
    """Secrets by their name, values as steps extract them, and cookies."""

    secrets: Mapping[str, str]
    values: dict[str, str] = field(default_factory=dict)
    cookies: Cookies = field(default_factory=Cookies)
    _ever: set[str] = field(default_factory=set, init=False)

    @property
    def known(self) -> Mapping[str, str]:
        """What stands for each `${…}`."""
        return {OF_SECRETS + name: value for name, value in self.secrets.items()} | self.values

    def take(self, values: Mapping[str, str]) -> None:
        """Carry on what a step extracted, in the place of what it was before."""
        self._ever.update(values.values())
        self.values |= values

    def missing(self, step: Step) -> str | None:
        """Return the name of a value that a step needs and no step has given."""
        known = self.known
        return next((name for name in step_references(step) if name not in known), None)

    def marked(self) -> Iterator[str]:
        """Yield what must never be told, also what a later step replaced.

        It is looked for when somebody asks, since cookies arrive meanwhile.
        """
        got = (*self.values.values(), *self._ever, *self.cookies.values())
        yield from self.secrets.values()
        yield from (one for one in got if len(one) >= _TOKEN)

    def veiled(self, text: str) -> str:
        """Return a text without all that, in every form that it may come back in."""
        return veiled(text, hidden(self.marked()))
