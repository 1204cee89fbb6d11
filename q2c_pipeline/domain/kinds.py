"""The closed vocabularies of the canonical model: one enum a kind, values as they stand in the tables."""

from __future__ import annotations

from enum import StrEnum


class Role(StrEnum):
    """What a system is to the company, whatever its make."""

    CRM = "crm"
    BILLING = "billing"
    ERP = "erp"


class Leg(StrEnum):
    """Which comparison a control belongs to; the first two letters of its id."""

    BOOKED_BILLED = "BB"
    BILLED_POSTED = "BP"
    REVENUE = "RR"
    SUBLEDGER = "SL"
    MASTER_DATA = "MD"
    STATUS = "ST"
    LAG = "LA"
    QUALITY = "DQ"


class RevenueClass(StrEnum):
    """How a product's revenue is earned."""

    RATABLE = "ratable"
    POINT_IN_TIME = "point_in_time"
    USAGE = "usage"


class ContractStatus(StrEnum):
    """State of a commercial commitment; only an activated one is owed billing."""

    DRAFT = "draft"
    ACTIVATED = "activated"
    CANCELLED = "cancelled"


class AmendmentKind(StrEnum):
    """What an amending order changes."""

    QUANTITY_INCREASE = "quantity_increase"
    QUANTITY_DECREASE = "quantity_decrease"
    PRICE_CHANGE = "price_change"
    CANCELLATION = "cancellation"
    COTERM_ADD_ON = "coterm_add_on"
    RENEWAL = "renewal"
    PAUSE = "pause"
    PRODUCT_SWAP = "product_swap"
    BILL_TO_CHANGE = "bill_to_change"
    REALLOCATION = "reallocation"


class BillingFrequency(StrEnum):
    """How often a contract line is billed."""

    MONTHLY = "monthly"
    QUARTERLY = "quarterly"
    SEMI_ANNUAL = "semi_annual"
    ANNUAL = "annual"
    CUSTOM = "custom"
    """Every `billing_period_months` months."""
    ONE_TIME = "one_time"


class BillingTiming(StrEnum):
    """Whether a period is billed at its start or after its end."""

    ADVANCE = "advance"
    ARREARS = "arrears"


class BillingAnchor(StrEnum):
    """Where period boundaries fall: from the line's start day, or on calendar months."""

    START = "start"
    CALENDAR = "calendar"


class PricePeriod(StrEnum):
    """What one unit price pays for."""

    MONTH = "month"
    YEAR = "year"
    ONCE = "once"
    UNIT = "unit"


class ChargeType(StrEnum):
    """How a contract line turns into money."""

    RECURRING = "recurring"
    ONE_TIME = "one_time"
    USAGE = "usage"


class UsageModel(StrEnum):
    """How a usage price turns the quantity of a month into money."""

    PER_UNIT = "per_unit"
    GRADUATED = "graduated"
    """Each tier prices its own part."""
    VOLUME = "volume"
    """The tier that the quantity reaches prices all of it."""
    PACKAGE = "package"
    """A package begun is a package."""
    PERCENTAGE = "percentage"
    """The quantity is an amount of money, the unit price a fraction of it."""


class SubscriptionStatus(StrEnum):
    """State of a subscription in billing, as far as reconciliation needs it."""

    PENDING = "pending"
    ACTIVE = "active"
    PAUSED = "paused"
    CANCELED = "canceled"


class DocumentKind(StrEnum):
    """A billing document is an invoice or takes one back."""

    INVOICE = "invoice"
    CREDIT_MEMO = "credit_memo"


class DocumentStatus(StrEnum):
    """State of a billing document; open, paid, uncollectible and issued ones count as billed."""

    DRAFT = "draft"
    OPEN = "open"
    PAID = "paid"
    UNCOLLECTIBLE = "uncollectible"
    ISSUED = "issued"
    VOID = "void"


class PaymentKind(StrEnum):
    """Money in or out."""

    PAYMENT = "payment"
    REFUND = "refund"


class PaymentStatus(StrEnum):
    """Whether the money moved."""

    SUCCEEDED = "succeeded"
    PENDING = "pending"
    FAILED = "failed"
    CANCELED = "canceled"


class AccountClass(StrEnum):
    """What a ledger account is to the reconciliation."""

    RECEIVABLE = "receivable"
    REVENUE = "revenue"
    DEFERRED_REVENUE = "deferred_revenue"
    UNBILLED = "unbilled"
    TAX = "tax"
    CASH = "cash"
    FX = "fx"
    OTHER = "other"


class TransactionKind(StrEnum):
    """What kind of ERP transaction a posting belongs to."""

    INVOICE = "invoice"
    CREDIT_MEMO = "credit_memo"
    PAYMENT = "payment"
    REFUND = "refund"
    REVENUE_RELEASE = "revenue_release"
    JOURNAL = "journal"
    FX_REVALUATION = "fx_revaluation"
    SUMMARY = "summary"
    """One journal for many documents: a journal that the policy's convention says is one."""


class PeriodState(StrEnum):
    """Whether the ledger still accepts postings in a period."""

    OPEN = "open"
    SOFT_CLOSED = "soft_closed"
    CLOSED = "closed"


class CreditHold(StrEnum):
    """Whether finance stopped selling to a customer."""

    NONE = "none"
    HOLD = "hold"


class OpportunityStage(StrEnum):
    """Sales stage reduced to what booking needs."""

    OPEN = "open"
    WON = "won"
    LOST = "lost"
