"""Who is reconciled, and the systems that are compared."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from q2c_pipeline.domain.kinds import AccountClass, Leg, Platform, Role
from q2c_pipeline.settings.values import Country, Currency, Name, SecretReference, Section, TimeZone, Url

ROLE_OF_PLATFORM = {Platform.SALESFORCE: Role.CRM, Platform.STRIPE: Role.BILLING, Platform.NETSUITE: Role.ERP}
SIDES = {
    Leg.BOOKED_BILLED: (Role.CRM, Role.BILLING),
    Leg.BILLED_POSTED: (Role.BILLING, Role.ERP),
    Leg.REVENUE: (Role.CRM, Role.BILLING, Role.ERP),
    Leg.SUBLEDGER: (Role.BILLING, Role.ERP),
}
"""Which systems a leg needs; it runs when all are configured."""
CONVENTIONS = {
    Platform.SALESFORCE: frozenset({"bulk_threshold", "compare_ids_every_days", "currency", "login_host"}),
    Platform.STRIPE: frozenset({"time_zone"}),
    Platform.NETSUITE: frozenset({"accounting_books", "compare_ids_every_days", "time_zone", "transaction_types"}),
}
"""What an instance of a platform may be told under `conventions`; each connector says what a value may be."""


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
    platform: Platform
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
        return self.role or ROLE_OF_PLATFORM[self.platform]
