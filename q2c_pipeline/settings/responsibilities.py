"""Who works on exceptions, where each one goes, and by when it should be done."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated

from pydantic import AfterValidator, Field

from q2c_pipeline.domain.people import Queue, UserRole
from q2c_pipeline.exceptions.routing import Routing, Rule
from q2c_pipeline.settings.problems import wrong
from q2c_pipeline.settings.values import Section

BusinessDays = Annotated[int, Field(ge=0, le=250)]


def _calendar(name: str) -> str:
    # The list of calendars is long and slow to import; most configurations name none.
    from holidays import list_supported_countries  # noqa: PLC0415

    country, _, subdivision = name.partition("-")
    known = list_supported_countries(include_aliases=True)
    if country not in known or (subdivision and subdivision not in known[country]):
        raise wrong("a country, or a country and its part", f"'{name}'", "write for example 'DE' or 'DE-BY'")
    return name


class Person(Section):
    """One person, by the name of the account that they log in with; without `entities` the roles hold for all of them."""

    roles: Annotated[frozenset[UserRole], Field(min_length=1)]
    entities: frozenset[str] | None = None


class Route(Section):
    """Where exceptions go that fit all that is said here, and in how many business days; a list that is left out fits all."""

    controls: frozenset[str] | None = None
    entities: frozenset[str] | None = None
    severities: frozenset[str] | None = None
    queue: Queue | None = None
    due_days: BusinessDays | None = None


class DueDays(Section):
    """Business days from the day an exception is found until it should be resolved, by severity."""

    critical: BusinessDays = 1
    high: BusinessDays = 3
    medium: BusinessDays = 10
    low: BusinessDays = 20


class ExceptionWork(Section):
    """How exceptions are handed out: the first route that fits and says so decides; else the control's own queue."""

    routes: list[Route] = Field(default_factory=list)
    due_days: DueDays = DueDays()
    calendars: dict[str, Annotated[str, AfterValidator(_calendar)]] = Field(default_factory=dict)
    waiver_days: Annotated[int, Field(ge=1, le=1_000)] = 92

    def routing(self, countries: Mapping[str, str]) -> Routing:
        """The rules as they are applied; `countries` has each entity's, whose holidays count where no calendar is named."""
        rules = tuple(Rule(one.controls, one.entities, one.severities, one.queue, one.due_days) for one in self.routes)
        days: dict[str, int] = dict(self.due_days)
        return Routing(rules, days, {**countries, **self.calendars})
