"""What departments have agreed on, as sections of the policy: who owns which field, and how long a handover may take."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated

from pydantic import Field

from q2c_pipeline.domain.kinds import Role
from q2c_pipeline.settings.values import Section

OWNERSHIP_COLUMNS = ("table_name", "field_name", "owner_role")
Days = Annotated[int, Field(ge=0, le=365)]


class Sla(Section):
    """Days until a handover is slow: won deal -> order, first due day -> invoice, invoice -> posting, money -> applied."""

    order_days: Days = 2
    invoice_days: Days = 35
    posting_days: Days = 5
    unapplied_days: Days = 30


class AccountOwners(Section):
    """Whose value of a customer's field counts: commercial fields are the CRM's, legal ones, tax and terms the ERP's."""

    account_name: Role = Role.CRM
    country_code: Role = Role.CRM
    currency: Role = Role.CRM
    parent_source_id: Role = Role.CRM
    tax_id: Role = Role.ERP
    payment_terms: Role = Role.ERP
    legal_entity_code: Role = Role.ERP


class PriceOwners(Section):
    """Whose list price counts where systems differ."""

    unit_price: Role = Role.CRM


class Ownership(Section):
    """Owners by table and field."""

    account: AccountOwners = AccountOwners()
    price: PriceOwners = PriceOwners()

    def rows(self) -> Iterator[tuple[str, str, str]]:
        """Table, field, role of its owner; one row a field."""
        for table, owners in self:
            for name, role in owners:
                yield table, name, role.value
