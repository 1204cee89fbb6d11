"""The tables that SuiteQL sees and the type of each column."""

from __future__ import annotations

_TYPES = {
    "i": "BIGINT",
    "s": "VARCHAR",
    "f": "VARCHAR",  # 'T' or 'F'
    "d": "DATE",
    "t": "TIMESTAMP",
    "m": "DECIMAL(20,4)",
    "r": "DECIMAL(24,12)",
}


def _columns(text: str) -> dict[str, str]:
    pairs = (part.partition(":") for part in text.split())
    return {name: _TYPES[kind or "s"] for name, _, kind in pairs}


COLUMNS: dict[str, dict[str, str]] = {
    "subsidiary": _columns(
        "id:i name fullname legalname country currency:i parent:i iselimination:f isinactive:f externalid fiscalcalendar:i"
        " lastmodifieddate:t"
    ),
    "currency": _columns("id:i name symbol currencyprecision:i isbasecurrency:f exchangerate:r isinactive:f lastmodifieddate:t"),
    "account": _columns(
        "id:i acctnumber accountsearchdisplayname fullname accttype generalrate cashflowrate eliminate:f isinactive:f"
        " parent:i subsidiary externalid lastmodifieddate:t"
    ),
    "customer": _columns(
        "id:i entityid companyname externalid currency:i terms receivablesaccount:i parent:i vatregnumber email"
        " creditholdoverride url defaultbillingaddress isinactive:f"
        " subsidiary:i datecreated:t lastmodifieddate:t"
    ),
    "item": _columns(
        "id:i itemid fullname itemtype isinactive:f incomeaccount:i deferredrevenueaccount:i class:i subsidiary externalid"
        " lastmodifieddate:t"
    ),
    "accountingperiod": _columns(
        "id:i periodname startdate:d enddate:d isyear:f isquarter:f isadjust:f isposting:f closed:f closedondate:t"
        " alllocked:f arlocked:f aplocked:f allownonglchanges:f parent:i lastmodifieddate:t"
    ),
    "accountingbook": _columns("id:i name isprimary:f externalid lastmodifieddate:t"),
    "currencyrate": _columns("id:i basecurrency:i transactioncurrency:i effectivedate:d exchangerate:r lastmodifieddate:t"),
    "consolidatedexchangerate": _columns(
        "id:i postingperiod:i fromsubsidiary:i tosubsidiary:i fromcurrency:i tocurrency:i currentrate:r averagerate:r"
        " historicalrate:r accountingbook:i"
    ),
    "transaction": _columns(
        "id:i type tranid transactionnumber externalid otherrefnum trandate:d duedate:d closedate:d status approvalstatus"
        " entity:i currency:i exchangerate:r postingperiod:i posting:f memo isreversal:f reversal:i reversaldate:d"
        " reversaldefer:f intercoadj:f foreigntotal:m foreignamountpaid:m foreignamountunpaid:m voided:f createdby:i"
        " createddate:t lastmodifiedby:i lastmodifieddate:t custbody_source_document"
    ),
    "transactionline": _columns(
        "transaction:i id:i uniquekey:i linesequencenumber:i mainline:f taxline:f iscogs:f item:i entity:i subsidiary:i"
        " department:i class:i location:i quantity:r rate:r foreignamount:m netamount:m debitforeignamount:m"
        " creditforeignamount:m createdfrom:i memo eliminate:f isrevrectransaction:f revenueelement:i documentnumber"
        " custcol_contract_line linelastmodifieddate:t"
    ),
    "transactionaccountingline": _columns(
        "transaction:i transactionline:i accountingbook:i account:i posting:f debit:m credit:m amount:m netamount:m"
        " exchangerate:r amountpaid:m amountunpaid:m amountlinked:m lastmodifieddate:t"
    ),
    "deletedrecord": _columns("type recordid:i name deleteddate:t"),
}

DISPLAY: dict[str, tuple[str, str]] = {
    "currency": ("currency", "name"),
    "basecurrency": ("currency", "name"),
    "transactioncurrency": ("currency", "name"),
    "subsidiary": ("subsidiary", "name"),
    "entity": ("customer", "entityid"),
    "account": ("account", "fullname"),
    "item": ("item", "fullname"),
    "postingperiod": ("accountingperiod", "periodname"),
    "accountingbook": ("accountingbook", "name"),
}
"""What BUILTIN.DF shows for a reference: table and column of the display text."""
