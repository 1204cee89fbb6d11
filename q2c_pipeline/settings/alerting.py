"""Who is told of what, where, and at which hours."""

from __future__ import annotations

from datetime import time
from typing import Annotated, Self

from pydantic import Field, model_validator

from q2c_pipeline.alerts.alert import AlertKind, Quiet
from q2c_pipeline.domain.people import Queue
from q2c_pipeline.settings.problems import wrong
from q2c_pipeline.settings.values import Name, SecretReference, Section


class AlertChannel(Section):
    """One place where alerts go; a list that is left out fits all."""

    url: SecretReference
    kinds: Annotated[frozenset[AlertKind] | None, Field(min_length=1)] = None
    queues: Annotated[frozenset[Queue] | None, Field(min_length=1)] = None
    urgent: frozenset[AlertKind] = frozenset()
    digest_at: time | None = None


class Alerts(Section):
    """All channels, and the hours of the company's day in which only what is urgent goes out."""

    quiet_from: time | None = None
    quiet_until: time | None = None
    channels: dict[Name, AlertChannel] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _both_or_neither(self) -> Self:
        if (self.quiet_from is None) != (self.quiet_until is None) or (self.quiet_from and self.quiet_from == self.quiet_until):
            found = f"from {self.quiet_from or 'nothing'} until {self.quiet_until or 'nothing'}"
            raise wrong(
                "quiet_from and quiet_until, and not the same", found, "write for example quiet_from = 20:00, quiet_until = 07:00"
            )
        return self

    @property
    def quiet(self) -> Quiet | None:
        """The quiet hours, if there are any."""
        return Quiet(self.quiet_from, self.quiet_until) if self.quiet_from is not None and self.quiet_until is not None else None
