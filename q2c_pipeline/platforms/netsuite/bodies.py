"""What is sent to NetSuite's record API: journals with the internal ids of their accounts and currencies."""

from __future__ import annotations

from typing import Any

from q2c_pipeline.domain.repairs import DraftJournal, JournalLine, Order
from q2c_pipeline.errors import ContractError
from q2c_pipeline.platforms.netsuite.client import SUITEQL_PATH
from q2c_pipeline.platforms.writing import WriteSession
from q2c_pipeline.schemas.fieldmap import FieldMap

REST_NAMES = {
    "externalid": "externalId",
    "entityid": "entityId",
    "companyname": "companyName",
    "vatregnumber": "vatRegNumber",
}
"""The record API spells a customer's columns its own way; a name that is not here it spells alike."""


class Bodies:
    """Makes the bodies of one account's journals; ids are looked up once."""

    def __init__(self, session: WriteSession, fields: FieldMap) -> None:
        self._session, self._fields = session, fields
        self._ids: dict[tuple[str, str], str] = {}

    def journal(self, order: Order) -> dict[str, Any]:
        """A draft that carries the order's key as its external id; raises ContractError for an account that does not exist."""
        journal = order.payload
        if not isinstance(journal, DraftJournal):
            raise TypeError(type(journal).__name__)
        document_field = self._fields["transaction"].vendor["document_number"]
        document = {document_field: journal.document_number} if journal.document_number else {}
        return {
            "externalId": order.attempt_key,
            "subsidiary": {"id": journal.subsidiary_id},
            "currency": {"id": self._id("currency", "symbol", journal.currency)},
            "tranDate": journal.posting_date.isoformat(),
            "memo": journal.memo,
            "approved": False,
            **document,
            "line": {"items": [self._line(line) for line in journal.lines]},
        }

    def _line(self, line: JournalLine) -> dict[str, Any]:
        side = {"debit": line.debit} if line.debit else {"credit": line.credit}
        named = {"memo": line.memo, self._contract_line_field: line.contract_line_key}
        said = {name: value for name, value in named.items() if value}
        customer = {"entity": {"id": line.customer_id}} if line.customer_id else {}
        return {"account": {"id": self._id("account", "acctnumber", line.account_number)}, **side, **customer, **said}

    @property
    def _contract_line_field(self) -> str:
        """The account's own column for the contract line, as the record API has it on a journal's line."""
        return self._fields["transactionaccountingline"].vendor["contract_line_key"].rpartition(".")[2]

    def _id(self, table: str, column: str, value: str) -> str:
        """The internal id of an account by its number, or of a currency by its symbol."""
        if (table, value) not in self._ids:
            quoted = value.replace("'", "''")
            query = f"SELECT id FROM {table} WHERE {column} = '{quoted}'"  # noqa: S608  (names are this module's own)
            rows = self._session.ask(SUITEQL_PATH, {"q": query}, headers={"Prefer": "transient"})["items"]
            if len(rows) != 1:
                raise _not_one(table, value, len(rows))
            self._ids[table, value] = str(rows[0]["id"])
        return self._ids[table, value]


def _not_one(table: str, value: str, found: int) -> ContractError:
    return ContractError(
        expected=f"one {table} '{value}'",
        found=str(found),
        where="NetSuite",
        next_step=f"correct the {table} in the proposal, or make it in NetSuite and let the role see it",
    )
