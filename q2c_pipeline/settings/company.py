"""Who is reconciled, and the systems that are compared."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from q2c_pipeline.domain.kinds import AccountClass, Leg, Role
from q2c_pipeline.settings.platforms import PlatformName, platforms
from q2c_pipeline.settings.values import Country, Currency, Name, SecretReference, Section, TimeZone, Url

SIDES = {
    Leg.BOOKED_BILLED: (Role.CRM, Role.BILLING),
    Leg.BILLED_POSTED: (Role.BILLING, Role.ERP),
    Leg.REVENUE: (Role.CRM, Role.BILLING, Role.ERP),
    Leg.SUBLEDGER: (Role.BILLING, Role.ERP),
}
"""Which systems a leg needs; it runs when all are configured."""


class Entity(Section):
    """A company that keeps books."""

    name: str
    currency: Currency
    country: Country


class Company(Section):
    """Who is reconciled."""

    name: str
    group_currency: Currency
    time_zone: TimeZone = "UTC"
    entities: Annotated[dict[str, Entity], Field(min_length=1)]


class InstanceSettings(Section):
    """One configured system; both kinds of credentials hold references, never secrets, and only corrections open the second."""

    name: Name
    platform: PlatformName
    role: Role | None = None
    url: Url
    credentials: dict[str, SecretReference] = Field(default_factory=dict)
    write_credentials: dict[str, SecretReference] = Field(default_factory=dict)
    conventions: dict[str, str] = Field(default_factory=dict)
    account_classes: dict[str, AccountClass] = Field(default_factory=dict)
    fields: dict[str, dict[str, str]] = Field(default_factory=dict)

    @property
    def plays(self) -> Role:
        """The role that was configured, else the platform's usual one."""
        return self.role or platforms()[self.platform].role
