"""Legal entities, products, prices, tax and chart of accounts of the simulated company."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal


@dataclass(frozen=True)
class Entity:
    """A company that keeps books."""

    code: str
    number: int
    name: str
    country: str
    currency: str
    tax_percent: Decimal
    tax_rate_id: str


@dataclass(frozen=True)
class Product:
    """A sellable item: `monthly` is the US dollar list price, the other currencies follow by a factor."""

    code: str
    name: str
    family: str
    revenue_class: str
    price: Decimal
    price_period: str

    def list_price(self, currency: str) -> Decimal:
        """List price in a currency: 100.00 USD -> 10000 JPY."""
        return self.price * CURRENCY_FACTOR[currency]


@dataclass(frozen=True)
class LedgerAccount:
    """One account of the chart that all entities share."""

    number: str
    name: str
    kind: str
    rate: str
    internal_id: int


ENTITIES = {
    "US": Entity("US", 1, "Lumen Works Inc.", "US", "USD", Decimal("8.25"), "txr_us_sales"),
    "UK": Entity("UK", 2, "Lumen Works Ltd", "GB", "GBP", Decimal(20), "txr_uk_vat"),
    "DE": Entity("DE", 3, "Lumen Works GmbH", "DE", "EUR", Decimal(19), "txr_de_vat"),
    "JP": Entity("JP", 4, "Lumen Works KK", "JP", "JPY", Decimal(10), "txr_jp_ct"),
}
CURRENCIES = {"USD": 1, "GBP": 2, "EUR": 3, "JPY": 4}
CURRENCY_NAME = {"USD": "US Dollar", "GBP": "British Pound", "EUR": "Euro", "JPY": "Japanese Yen"}
CURRENCY_FACTOR = {"USD": Decimal(1), "GBP": Decimal(1), "EUR": Decimal(1), "JPY": Decimal(100)}
VALUE_IN_USD = {"USD": Decimal(1), "GBP": Decimal("1.27"), "EUR": Decimal("1.08"), "JPY": Decimal("0.0067")}

# Prices are multiples of 2.00 (monthly) and 48.00 (yearly), so every usual discount leaves whole minor units.
PRODUCTS = (
    Product("CORE-SEAT", "Core platform seat", "Platform", "Ratable", Decimal(40), "Month"),
    Product("PRO-SEAT", "Professional seat", "Platform", "Ratable", Decimal(86), "Month"),
    Product("ENT-PLAN", "Enterprise plan", "Platform", "Ratable", Decimal(14400), "Year"),
    Product("ANALYTICS", "Analytics module", "Modules", "Ratable", Decimal(230), "Month"),
    Product("SUPPORT-PREM", "Premium support", "Support", "Ratable", Decimal(2880), "Year"),
    Product("SANDBOX-ENV", "Sandbox environment", "Modules", "Ratable", Decimal(118), "Month"),
    Product("ONBOARDING", "Onboarding package", "Services", "Point in Time", Decimal(2500), "Once"),
    Product("TRAINING-DAY", "Training day", "Services", "Point in Time", Decimal(1200), "Once"),
    Product("API-CALLS", "Interface calls", "Usage", "Usage", Decimal("0.02"), "Unit"),
    Product("STORAGE-GB", "Storage", "Usage", "Usage", Decimal("0.25"), "Unit"),
    Product("LEGACY-SEAT", "Legacy seat (not sold any more)", "Platform", "Ratable", Decimal(30), "Month"),
)
TAX_CODE = dict.fromkeys(("Platform", "Modules", "Support", "Usage"), "txcd_10103001") | {"Services": "txcd_20030000"}
"""Stripe's tax codes by product family: software as a service for business, and general services."""
PRODUCT = {product.code: product for product in PRODUCTS}

CHART = {
    name: LedgerAccount(number, label, kind, rate, index)
    for index, (name, number, label, kind, rate) in enumerate(
        (
            ("cash", "1000", "Bank", "Bank", "Current"),
            ("receivable", "1100", "Accounts receivable", "AcctRec", "Current"),
            ("unbilled", "1150", "Contract assets", "OthCurrAsset", "Current"),
            ("tax", "2100", "Sales tax payable", "OthCurrLiab", "Current"),
            ("deferred", "2400", "Deferred revenue", "DeferRevenue", "Current"),
            ("revenue", "4000", "Revenue", "Income", "Average"),
            ("fx", "7000", "Realised exchange differences", "OthIncome", "Average"),
            ("rent", "6100", "Rent", "Expense", "Average"),
            ("accrual", "2200", "Accrued expenses", "OthCurrLiab", "Current"),
        ),
        start=110,
    )
}
