"""What is read from NetSuite: each object's joins, key, control sums and the words it has in the list of deletions."""

from __future__ import annotations

import re
from collections.abc import Mapping

from q2c_pipeline.errors import ConfigurationError
from q2c_pipeline.platforms.netsuite.queries import Source

HEADERS, LINES = "transaction", "transactionaccountingline"
TRANSACTION_TYPES = ("CustInvc", "CustCred", "CustPymt", "CustRfnd", "Journal", "FxReval")
"""Order-to-cash; a general ledger also holds purchases, payroll and stock, which no control compares."""
_DELETED_TRANSACTIONS = (
    "invoice",
    "creditmemo",
    "customerpayment",
    "customerrefund",
    "journalentry",
    "custinvc",
    "custcred",
    "custpymt",
    "custrfnd",
    "journal",
)
_LINE_JOINS = (
    "JOIN transaction ON transaction.id = transactionaccountingline.transaction "
    "JOIN transactionline ON transactionline.transaction = transactionaccountingline.transaction "
    "AND transactionline.id = transactionaccountingline.transactionline "
    "JOIN accountingbook ON accountingbook.id = transactionaccountingline.accountingbook "
    "LEFT JOIN currency ON currency.id = transaction.currency"
)
_LINE_IDENTITY = (
    "transactionaccountingline.transaction || '/' || transactionaccountingline.transactionline || '/' || "
    "transactionaccountingline.accountingbook"
)


def sources(conventions: Mapping[str, str]) -> dict[str, Source]:
    """Every object in the order of reading, headers before their lines.

    Conventions: `transaction_types` (comma-separated type codes) and `accounting_books` (primary | all).
    """
    types = ", ".join(f"'{name}'" for name in _types(conventions))
    of_type = f"transaction.type IN ({types})"
    book = "" if _all_books(conventions) else " AND accountingbook.isprimary = 'T'"
    found = (
        _master("subsidiary", "LEFT JOIN currency ON currency.id = subsidiary.currency"),
        _master("account"),
        _master(
            "customer",
            "LEFT JOIN currency ON currency.id = customer.currency LEFT JOIN subsidiary ON subsidiary.id = customer.subsidiary",
            shown=frozenset({"payment_terms", "address"}),
        ),
        _master("item", deleted_types=("item", "serviceitem", "servicesaleitem", "noninventoryitem", "inventoryitem")),
        _master("accountingperiod"),
        _master(
            "currencyrate",
            "LEFT JOIN currency basecurrency ON basecurrency.id = currencyrate.basecurrency "
            "LEFT JOIN currency transactioncurrency ON transactioncurrency.id = currencyrate.transactioncurrency",
            sums=("rate",),
        ),
        _master(HEADERS, only=of_type, deleted_types=_DELETED_TRANSACTIONS),
        Source(
            LINES,
            key=("transaction.id", f"{LINES}.transactionline", f"{LINES}.accountingbook"),
            stamp="transaction.lastmodifieddate",
            identity=_LINE_IDENTITY,
            joins=_LINE_JOINS,
            only=of_type + book,
            header=HEADERS,
            sums=("functional_amount", "transaction_amount"),
            deleted_types=_DELETED_TRANSACTIONS,
        ),
    )
    return {source.name: source for source in found}


def _master(
    name: str,
    joins: str = "",
    *,
    only: str = "",
    sums: tuple[str, ...] = (),
    shown: frozenset[str] = frozenset(),
    deleted_types: tuple[str, ...] = (),
) -> Source:
    """An object whose rows have an id and a stamp of their own."""
    return Source(
        name,
        key=(f"{name}.id",),
        stamp=f"{name}.lastmodifieddate",
        identity=f"{name}.id",
        joins=joins,
        only=only,
        sums=sums,
        shown=shown,
        deleted_types=deleted_types or (name,),
    )


def _types(conventions: Mapping[str, str]) -> tuple[str, ...]:
    given = conventions.get("transaction_types")
    names = tuple(part.strip() for part in given.split(",")) if given else TRANSACTION_TYPES
    wrong = [name for name in names if not re.fullmatch(r"[A-Za-z]+", name)]
    if wrong:
        raise ConfigurationError(
            expected="transaction type codes separated by commas",
            found=f"'{wrong[0]}'",
            where="conventions.transaction_types",
            next_step=f"write for example transaction_types = '{','.join(TRANSACTION_TYPES)}'",
        )
    return names


def _all_books(conventions: Mapping[str, str]) -> bool:
    given = conventions.get("accounting_books", "primary")
    if given not in ("primary", "all"):
        raise ConfigurationError(
            expected="'primary' or 'all'",
            found=f"'{given}'",
            where="conventions.accounting_books",
            next_step="choose one of the two; comparisons use the primary book in any case",
        )
    return given == "all"
