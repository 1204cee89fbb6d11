"""Which queue an exception goes to, and by when it should be resolved."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from q2c_pipeline.domain.people import Queue
from q2c_pipeline.exceptions.calendars import due_date


@dataclass(frozen=True)
class Rule:
    """Holds for exceptions that fit everything that is said here; None fits all."""

    controls: frozenset[str] | None = None
    entities: frozenset[str] | None = None
    severities: frozenset[str] | None = None
    queue: Queue | None = None
    due_days: int | None = None

    def fits(self, control: str, entity: str | None, severity: str) -> bool:
        """Whether the rule speaks of such an exception."""
        said = ((self.controls, control), (self.entities, entity), (self.severities, severity))
        return all(allowed is None or value in allowed for allowed, value in said)


@dataclass(frozen=True)
class Routing:
    """The policy's rules, in their order; a control's own queue and the severity's days where none says more."""

    rules: tuple[Rule, ...]
    due_days: Mapping[str, int]
    calendars: Mapping[str, str]

    def queue(self, named: Queue, control: str, entity: str | None, severity: str) -> Queue:
        """The first fitting rule's queue, else the one that the control names."""
        fitting = (rule.queue for rule in self.rules if rule.queue is not None and rule.fits(control, entity, severity))
        return next(fitting, named)

    def due_on(self, control: str, entity: str | None, severity: str, found: date) -> date:
        """So many business days after it was found, in the entity's calendar."""
        fitting = (rule.due_days for rule in self.rules if rule.due_days is not None and rule.fits(control, entity, severity))
        return due_date(self.calendars.get(entity or ""), found, next(fitting, self.due_days[severity]))
