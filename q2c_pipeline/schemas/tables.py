"""Every canonical table: its key, its owner and its fields by name; a trailing `?` marks a field that may be empty."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from q2c_pipeline.schemas.fields import FIELDS, Field

COMMON = ("instance", "source_id", "source_version", "batch_id", "as_of", "is_deleted")
"""Fields of every canonical row: where it comes from and which version it is."""


@dataclass(frozen=True)
class Table:
    """A canonical table; its key is always (instance, source_id)."""

    name: str
    says: str
    owner: str
    names: tuple[str, ...]

    @cached_property
    def fields(self) -> dict[str, Field]:
        """All fields in column order, the common ones first."""
        return {name: FIELDS[name] for name in (*COMMON, *(n.rstrip("?") for n in self.names))}

    @cached_property
    def nullable(self) -> frozenset[str]:
        """Names of the fields that may be empty."""
        return frozenset(n.rstrip("?") for n in self.names if n.endswith("?"))


def _table(name: str, says: str, owner: str, *names: str) -> Table:
    return Table(name, says, owner, tuple(part for group in names for part in group.split()))


_ALL = (
    _table(
        "legal_entity",
        "a company that keeps books",
        "erp",
        "legal_entity_code legal_entity_name? country_code? currency",
    ),
    _table(
        "account",
        "one customer record in one system",
        "crm",
        "account_number? account_name tax_id? country_code? currency? payment_terms? legal_entity_code? subsidiary_source_id?",
        "parent_source_id? claimed_crm_account_id? claimed_billing_account_id? claimed_erp_account_id?",
        "domain? address? credit_hold?",
    ),
    _table("product", "a sellable item in one system", "erp", "product_code? product_name revenue_class? is_active tax_class?"),
    _table(
        "price",
        "a product's price in one currency and price list",
        "erp",
        "product_source_id currency unit_price? price_list_name? billing_period_months? meter_source_id? is_active",
    ),
    _table(
        "opportunity",
        "a deal on its way to a contract",
        "crm",
        "opportunity_number opportunity_name account_source_id opportunity_stage is_won close_date opportunity_amount?",
        "currency stage_name?",
    ),
    _table(
        "opportunity_history",
        "what a deal said from one moment on: its stage, its day and its amount",
        "crm",
        "opportunity_source_id stage_name? close_date? opportunity_amount? currency? created_at",
    ),
    _table(
        "opportunity_line",
        "one product of a deal",
        "crm",
        "opportunity_source_id product_source_id? quantity unit_price?",
    ),
    _table(
        "contract",
        "an approved commercial commitment, or an amendment of one",
        "crm",
        "contract_number account_source_id opportunity_source_id? contract_status legal_entity_code currency start_date",
        "end_date?",
        "activated_at? amends_contract_source_id? amendment_kind? claimed_subscription_id? claimed_billing_status?",
        "claimed_invoice_status? claimed_payment_status? exception_reason?",
    ),
    _table(
        "contract_line",
        "what was sold: product, quantity, price, dates and how it is billed",
        "crm",
        "contract_source_id line_number product_source_id quantity unit_price discount_fraction start_date end_date",
        "billing_frequency billing_timing billing_anchor price_period charge_type ramp_segment? amends_line_source_id?",
        "claimed_subscription_line_id? billing_period_months? discount_numerator? discount_denominator? discount_start_date?",
        "discount_end_date? service_start_at? service_end_at? usage_model? included_quantity? package_size? minimum_commitment?",
        "allocated_price?",
    ),
    _table(
        "contract_tier",
        "one tier of a usage price",
        "crm",
        "contract_line_source_id tier_number from_quantity up_to_quantity? unit_price flat_amount package_size?",
    ),
    _table(
        "subscription",
        "what billing believes it must bill",
        "billing",
        "account_source_id subscription_status legal_entity_code? currency start_date canceled_date? claimed_contract_id?",
    ),
    _table(
        "subscription_line",
        "one product of a subscription",
        "billing",
        "subscription_source_id price_source_id product_source_id? quantity? unit_price? meter_source_id? billing_period_months?",
        "current_period_start_date? current_period_end_date? claimed_contract_line_id? claimed_contract_line_key?",
    ),
    _table(
        "usage",
        "metered quantity of one customer in one window",
        "billing",
        "meter_source_id account_source_id usage_start_date usage_end_date quantity",
    ),
    _table(
        "invoice",
        "a billing document: invoice or credit memo",
        "billing",
        "document_kind document_number? document_status account_source_id subscription_source_id? credited_invoice_source_id?",
        "legal_entity_code? currency issued_date due_date? net_amount tax_amount total_amount open_amount? paid_amount?",
        "finalized_at? voided_at? claimed_ledger_batch?",
    ),
    _table(
        "invoice_line",
        "one line of a billing document, net of its own discounts, without tax",
        "billing",
        "invoice_source_id subscription_source_id? subscription_line_source_id? credited_line_source_id?",
        "claimed_contract_line_id?",
        "product_source_id? price_source_id? quantity? unit_price? discount_amount net_amount tax_amount currency",
        "service_start_date service_end_date is_proration",
    ),
    _table(
        "payment",
        "money in or out",
        "billing",
        "payment_kind payment_status account_source_id? payment_source_id? payment_amount currency paid_date",
    ),
    _table(
        "payment_application",
        "what a payment settles",
        "billing",
        "invoice_source_id payment_source_id? payment_status payment_amount? currency",
    ),
    _table(
        "posting",
        "one journal line as the ledger holds it",
        "erp",
        "transaction_source_id transaction_number? transaction_kind line_number subsidiary_source_id book_source_id",
        "is_primary_book",
        "ledger_account_source_id accounting_period_source_id account_source_id? posting_date created_at?",
        "currency transaction_amount functional_amount exchange_rate? is_posted is_voided is_tax_line?",
        "claimed_document_number? claimed_document_id? claimed_contract_line_key? reference? memo?",
    ),
    _table(
        "ledger_account",
        "an account of the chart",
        "erp",
        "ledger_account_number ledger_account_name account_type account_class is_active",
    ),
    _table(
        "accounting_period",
        "a period of the ERP's calendar",
        "erp",
        "period_name start_date end_date period_state is_adjustment closed_at?",
    ),
    _table(
        "fx_rate",
        "how many units of quote currency one unit buys on a date",
        "erp",
        "currency quote_currency effective_date exchange_rate rate_type",
    ),
)
TABLES: dict[str, Table] = {table.name: table for table in _ALL}
