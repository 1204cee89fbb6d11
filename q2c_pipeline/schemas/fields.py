"""Every field of every table, described once: its type, what it says, and whether it is personal data."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, StrEnum

from q2c_pipeline.domain import kinds


class Type(Enum):
    """The few types a table may hold; the adapters turn them into each library's own."""

    TEXT = "text"
    MONEY = "money"
    """Major units of the row's currency, DECIMAL(20,4)."""
    RATE = "rate"
    """Quantities, unit prices, rates and fractions, DECIMAL(16,8)."""
    COUNT = "count"
    DATE = "date"
    INSTANT = "instant"
    """UTC, microseconds."""
    FLAG = "flag"


class Pii(StrEnum):
    """How sensitive a field is; outputs mask by this class."""

    NONE = "none"
    COMPANY = "company"
    TAX_ID = "tax_id"


@dataclass(frozen=True)
class Field:
    """One named fact: the same name means the same fact in every table."""

    name: str
    kind: Type
    says: str
    values: type[StrEnum] | None = None
    pii: Pii = Pii.NONE


def _fields(kind: Type, **says: str) -> dict[str, Field]:
    return {name: Field(name, kind, text) for name, text in says.items()}


def _enums(**described: tuple[type[StrEnum], str]) -> dict[str, Field]:
    return {name: Field(name, Type.TEXT, says, values) for name, (values, says) in described.items()}


FIELDS: dict[str, Field] = {
    # where a row comes from
    **_fields(
        Type.TEXT,
        instance="configured system that the row was read from",
        source_id="the record's id in its own system",
        batch_id="landing batch that delivered this version",
    ),
    **_fields(Type.INSTANT, source_version="the vendor's modification stamp of this version"),
    **_fields(Type.DATE, as_of="cut-off date of the extraction that delivered this version"),
    **_fields(Type.FLAG, is_deleted="the source deleted the record"),
    # ids of other records of the same system
    **_fields(
        Type.TEXT,
        account_source_id="customer record in the same system",
        parent_source_id="parent record in the same system",
        product_source_id="product record in the same system",
        price_source_id="price record in the same system",
        opportunity_source_id="opportunity that led to the contract",
        contract_source_id="contract (order) that the line belongs to",
        contract_line_source_id="contract line that the tier belongs to",
        amends_contract_source_id="contract that this one amends",
        amends_line_source_id="original line that this line amends, or of which it is a later ramp segment",
        subscription_source_id="subscription in the same system",
        subscription_line_source_id="subscription line that was billed",
        invoice_source_id="billing document in the same system",
        credited_invoice_source_id="invoice that a credit memo takes back",
        credited_line_source_id="invoice line that a credit-memo line takes back",
        payment_source_id="payment in the same system",
        meter_source_id="usage meter",
        transaction_source_id="ERP transaction that the posting belongs to",
        subsidiary_source_id="ERP subsidiary that keeps the books",
        ledger_account_source_id="ERP ledger account",
        accounting_period_source_id="ERP accounting period",
        book_source_id="ledger or accounting book",
    ),
    # claims: ids of other systems found on a record; link decides what to believe
    **_fields(
        Type.TEXT,
        claimed_crm_account_id="CRM account id written on this record",
        claimed_billing_account_id="billing customer id written on this record",
        claimed_erp_account_id="ERP customer id written on this record",
        claimed_contract_id="CRM order id written on this record",
        claimed_contract_line_id="CRM order line id written on this record",
        claimed_subscription_id="billing subscription id written on this record",
        claimed_subscription_line_id="billing subscription item id written on this record",
        claimed_document_number="billing document number written on this record",
        claimed_document_id="billing document id written on this record",
        claimed_contract_line_key="contract line key written on this record",
        claimed_ledger_batch="batch of postings written on this record: one summary journal posts all documents of a batch",
        claimed_billing_status="billing status written back to the contract",
        claimed_invoice_status="status of its newest invoice written back to the contract",
        claimed_payment_status="payment status of its invoices written back to the contract",
        exception_reason="reason of the gravest exception of the contract, as it was written on it",
    ),
    # business keys and names
    **_fields(
        Type.TEXT,
        legal_entity_code="company that sells, bills or posts, by its business code",
        account_number="the customer's business number",
        product_code="the product's business code",
        opportunity_number="the opportunity's business number",
        contract_number="the order's business number",
        line_number="position of a line in its document",
        document_number="number printed on the billing document",
        transaction_number="number printed on the ERP transaction",
        ledger_account_number="number in the chart of accounts",
        account_type="account type in the ERP's own words",
        period_name="name of the accounting period",
        payment_terms="payment terms, e.g. NET30",
        stage_name="sales stage in the org's own words",
        tax_class="what the item is to the tax engine, e.g. txcd_10103001",
        country_code="ISO 3166 alpha-2",
        price_list_name="price list that the price belongs to",
        memo="free text on the record",
        reference="other reference on the transaction",
        rate_type="spot, average, historical",
    ),
    "account_name": Field("account_name", Type.TEXT, "customer's name", pii=Pii.COMPANY),
    "domain": Field("domain", Type.TEXT, "customer's site or e-mail domain, as its system writes it", pii=Pii.COMPANY),
    "address": Field("address", Type.TEXT, "customer's street, postal code and city in one line", pii=Pii.COMPANY),
    "legal_entity_name": Field("legal_entity_name", Type.TEXT, "company's name"),
    "product_name": Field("product_name", Type.TEXT, "product's name"),
    "opportunity_name": Field("opportunity_name", Type.TEXT, "opportunity's name"),
    "ledger_account_name": Field("ledger_account_name", Type.TEXT, "ledger account's name"),
    "tax_id": Field("tax_id", Type.TEXT, "customer's tax registration", pii=Pii.TAX_ID),
    **_fields(
        Type.TEXT,
        currency="ISO 4217 code of the row's amounts",
        quote_currency="currency that one unit of `currency` is quoted in",
    ),
    # dates and instants
    **_fields(
        Type.DATE,
        start_date="first day",
        end_date="last day, inclusive",
        close_date="day the opportunity was or will be decided",
        issued_date="date of the billing document",
        due_date="day payment is due",
        paid_date="day the money moved",
        service_start_date="first day of the service that the line bills",
        service_end_date="last day of the service that the line bills, inclusive",
        discount_start_date="first day on which the discount applies, empty for the line's first",
        discount_end_date="last day on which the discount applies, inclusive, empty for the line's last",
        usage_start_date="first day of the usage window",
        usage_end_date="last day of the usage window, inclusive",
        current_period_start_date="first day of the running billing period",
        current_period_end_date="last day of the running billing period, inclusive",
        canceled_date="day from which the subscription is cancelled",
        posting_date="date of the ERP transaction",
        effective_date="day from which the rate is valid",
    ),
    **_fields(
        Type.INSTANT,
        activated_at="moment of activation",
        created_at="moment the record was entered in its system",
        closed_at="moment the accounting period was closed",
        finalized_at="moment the document became final",
        voided_at="moment the document was voided",
        service_start_at="moment service starts, where the source bills by second",
        service_end_at="moment before which service ends, where the source bills by second",
    ),
    # amounts, quantities, rates
    **_fields(
        Type.MONEY,
        net_amount="without tax, after discounts; a credit memo's is negative",
        tax_amount="tax; a credit memo's is negative",
        total_amount="with tax; a credit memo's is negative",
        discount_amount="discount included in net_amount",
        open_amount="not yet settled",
        paid_amount="settled",
        flat_amount="fixed amount of a tier",
        transaction_amount="posting in transaction currency, debit positive",
        functional_amount="posting in the books' currency, debit positive",
        opportunity_amount="opportunity's amount",
        payment_amount="money moved; a refund is negative",
        allocated_price="share of the contract's price, in its currency, that the source gives to the line for revenue",
        minimum_commitment="least that a usage line bills over its term, in the contract's currency",
    ),
    **_fields(
        Type.RATE,
        quantity="quantity; an amendment's may be negative",
        unit_price="list price of one unit for one price period, before discount",
        discount_fraction="0.1 is ten percent",
        from_quantity="quantity above which the tier applies",
        up_to_quantity="quantity up to which the tier applies, empty for no end",
        included_quantity="quantity a month that the usage price does not charge",
        package_size="units in one package of a package price",
        exchange_rate="units of functional currency for one of transaction currency",
    ),
    **_fields(
        Type.COUNT,
        ramp_segment="number of the ramp step",
        tier_number="position of the tier",
        billing_period_months="months in one billing period",
        discount_numerator="with discount_denominator the exact discount that no decimal holds: 1 of 1/3",
        discount_denominator="3 of 1/3",
    ),
    **_fields(
        Type.FLAG,
        is_active="may still be used",
        is_won="opportunity was won",
        is_proration="line bills a part of a period after a change",
        is_posted="counts in the general ledger",
        is_voided="taken back in the ERP",
        is_primary_book="belongs to the primary ledger",
        is_adjustment="adjustment period",
        is_tax_line="line holds tax",
    ),
    # closed vocabularies
    **_enums(
        revenue_class=(kinds.RevenueClass, "how the product's revenue is earned"),
        contract_status=(kinds.ContractStatus, "state of the contract"),
        amendment_kind=(kinds.AmendmentKind, "what the amendment changes"),
        billing_frequency=(kinds.BillingFrequency, "how often the line is billed"),
        billing_timing=(kinds.BillingTiming, "in advance or in arrears"),
        billing_anchor=(kinds.BillingAnchor, "where period boundaries fall"),
        price_period=(kinds.PricePeriod, "what one unit price pays for"),
        charge_type=(kinds.ChargeType, "recurring, one-time or usage"),
        usage_model=(kinds.UsageModel, "how a usage price turns quantity into money"),
        subscription_status=(kinds.SubscriptionStatus, "state of the subscription"),
        document_kind=(kinds.DocumentKind, "invoice or credit memo"),
        document_status=(kinds.DocumentStatus, "state of the billing document"),
        payment_kind=(kinds.PaymentKind, "payment or refund"),
        payment_status=(kinds.PaymentStatus, "whether the money moved"),
        credit_hold=(kinds.CreditHold, "whether finance stopped selling to the customer"),
        account_class=(kinds.AccountClass, "what the ledger account is to the reconciliation"),
        transaction_kind=(kinds.TransactionKind, "kind of ERP transaction"),
        period_state=(kinds.PeriodState, "whether postings are still accepted"),
        opportunity_stage=(kinds.OpportunityStage, "open, won or lost"),
    ),
}
