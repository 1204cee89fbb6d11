"""The made-up company's records as each vendor's API gives them, one SELECT an object; plain data of `synthetic`."""

CHANGED = "range % 100 = 50"
BASE = (
    """create temp table o as select range as o, range % 2 = 1 as is_late from range({first}, {end}) where {chosen}""",
    # One line is not billed in June, one is billed 10.00 too dear in May; a change lowers the December invoice by 1.00.
    """create temp table billed as
    select o, m, l, is_late, 20000 + 4000 * l + case when o % 500 = 8 and m = 4 and l = 2 then 1000 else 0 end
        - case when m = 11 and l = 0 then 100 * {less} else 0 end as net, 2000 + 400 * l as tax,
        (date '2025-01-01' + to_months(m))::date + case when is_late then 15 else 0 end as first_day,
        (date '2025-01-01' + to_months(m + 1))::date + case when is_late then 15 else 0 end as next_day
    from o, (select range::int as m from range(12)), (select range::int as l from range(4))
    where not (o % 500 = 0 and m = 5 and l = 3)""",
    """create temp table document as
    select o, m, is_late, first_day, next_day, sum(net)::bigint as net, sum(tax)::bigint as tax, sum(net + tax)::bigint as total
    from billed group by all""",
    # Straight-line by day, rounded on what is earned at the end of the invoice's month; the next month takes the rest.
    """create temp table earned as
    select o, l, m, first_day, net, (2 * net * days + term) // (2 * term) as first_cents
    from (select *, date_diff('day', first_day, next_day) as term, date_diff('day', first_day, last_day(first_day)) + 1 as days
        from billed where is_late)""",
    """create temp table released as
    select o, l, m, sum(cents)::bigint as cents from (
        select o, l, m, first_cents as cents from earned
        union all select o, l, m + 1 as m, net - first_cents as cents from earned)
    where m < 12 and not (o % 500 = 5 and m = 8 and l = 0) group by all""",
)
_UNTIL = "epoch(getvariable('read_until'))::bigint as \"read.until\""
_STAMP = "strftime(getvariable('read_until'), '%Y-%m-%dT%H:%M:%S.000+0000') as SystemModstamp, false as IsDeleted"
_ERP_STAMP = "strftime(getvariable('read_until'), '%Y-%m-%d %H:%M:%S')"


def _unix(day: str) -> str:
    return f"epoch(({day})::timestamp)::bigint"


ONCE: dict[tuple[str, str], str] = {
    ("sf_main", "Product2"): f"""
        select 'P' || range as "Id", 'P-' || range as "ProductCode", 'Product ' || range as "Name", true as "IsActive",
            'Ratable' as "Revenue_Class__c", {_STAMP} from range(4)""",
    ("stripe_main", "product"): f"""
        select 'prod' || range as id, 'Product ' || range as name, true as active, 'P-' || range as "metadata.product_code", {_UNTIL}
        from range(4)""",
    ("stripe_main", "price"): f"""
        select 'pr' || range as id, 'prod' || range as product, 'usd' as currency, 10000 + 2000 * range as unit_amount_decimal,
            'month' as "recurring.interval", 1 as "recurring.interval_count", true as active, {_UNTIL} from range(4)""",
    ("netsuite_main", "item"): f"""
        select 'i' || range as id, {_ERP_STAMP} as lastmodifieddate, 'P-' || range as itemid, 'Product ' || range as fullname,
            'F' as isinactive from range(4)""",
    ("netsuite_main", "subsidiary"): f"""
        select '1' as id, {_ERP_STAMP} as lastmodifieddate, 'US' as externalid, 'Sandbox Inc.' as name, 'US' as country,
            'USD' as "currency.symbol\"""",
    ("netsuite_main", "account"): f"""
        select number as id, {_ERP_STAMP} as lastmodifieddate, number as acctnumber, type as fullname, type as accttype,
            'F' as isinactive
        from (values ('1000', 'Bank'), ('1100', 'AcctRec'), ('2100', 'OthCurrLiab'), ('2400', 'DeferRevenue'), ('4000', 'Income'))
            a(number, type)""",
    ("netsuite_main", "accountingperiod"): f"""
        select 'P' || range as id, {_ERP_STAMP} as lastmodifieddate, strftime(day, '%b %Y') as periodname, day::date as startdate,
            last_day(day) as enddate, 'F' as isyear, 'F' as isquarter, 'F' as isadjust, 'F' as closed, 'F' as alllocked,
            'F' as arlocked
        from (select range, date '2025-01-01' + to_months(range::int) as day from range(14))""",
}


def _posting(transaction: str, line: str, account: str, cents: str, source: str, **fields: str) -> str:
    """One journal line a row of `source`; `fields` override what most lines say."""
    usual = {
        "transaction.tranid": transaction,
        "transaction.type": "'CustInvc'",
        "transaction.trandate": "first_day",
        "transaction.postingperiod": "'P' || m",
        "transaction.custbody_source_document": "'INV-' || o || '-' || m",
        "transaction.externalid": "'in' || o || '-' || m",
        "transactionline.isrevrectransaction": "'F'",
        "transactionline.taxline": "'F'",
        "transactionline.custcol_contract_line": "null",
    } | {name.replace("__", "."): value for name, value in fields.items()}
    said = ", ".join(f'{value} as "{name}"' for name, value in usual.items())
    return f"""
        select {transaction} || '-' || ({line}) || '-1' as id, {transaction} as transaction, {_ERP_STAMP} as "transaction.lastmodifieddate",
            {said}, 'USD' as "currency.symbol", 'E' || o as "transactionline.entity", 'F' as "transaction.voided",
            {line} as transactionline, '1' as "transactionline.subsidiary",
            (({cents})::decimal(20, 2) * 0.01::decimal(4, 2))::decimal(20, 2) as "transactionline.foreignamount",
            (({cents})::decimal(20, 2) * 0.01::decimal(4, 2))::decimal(20, 2) as amount, 1 as exchangerate, '1' as accountingbook,
            'T' as "accountingbook.isprimary", '{account}' as account, 'T' as posting
        from {source}"""


_POSTED = "(select * from {} where not (o % 500 = 2 and m = 6))"
_PAID = "(select *, first_day + 10 as paid_day from document where not (o % 500 = 6 and m = 3))"
_PAYMENT = {
    "transaction__type": "'CustPymt'",
    "transaction__externalid": "'inpay' || o || '-' || m",
    "transaction__trandate": "paid_day",
}
_RELEASES = "(select *, last_day((date '2025-01-01' + to_months(m))::date) as first_day from released)"
_RELEASE = {
    "transaction__type": "'Journal'",
    "transactionline__isrevrectransaction": "'T'",
    "transaction__externalid": "null",
    "transaction__custbody_source_document": "null",
    "transactionline__custcol_contract_line": "'ORD-' || o || '/' || (l + 1)",
}
_INVOICE, _PAY, _REL = "'t' || o || '-' || m", "'p' || o || '-' || m", "'r' || o || '-' || l || '-' || m"
_POSTINGS = (
    _posting(_INVOICE, "0", "1100", "total", _POSTED.format("document")),
    _posting(_INVOICE, "1", "2100", "-tax", _POSTED.format("document"), transactionline__taxline="'T'"),
    _posting(_INVOICE, "l + 2", "4000", "-net", _POSTED.format("billed") + " where not is_late"),
    _posting(_INVOICE, "l + 2", "2400", "-net", _POSTED.format("billed") + " where is_late"),
    _posting(_PAY, "0", "1000", "total", _PAID, **_PAYMENT),
    _posting(_PAY, "1", "1100", "-total", _PAID, **_PAYMENT),
    _posting(_REL, "0", "2400", "cents", _RELEASES, **_RELEASE),
    _posting(_REL, "1", "4000", "-cents", _RELEASES, **_RELEASE),
)
PER_ORDER: dict[tuple[str, str], str] = {
    ("sf_main", "Account"): f"""
        select 'A' || o as "Id", 'AC-' || o as "AccountNumber", 'Customer ' || o as "Name", 'USD' as "CurrencyIsoCode",
            'US' as "Legal_Entity__c", 'C' || o as "Billing_Account_Id__c", 'E' || o as "ERP_Customer_Id__c", {_STAMP} from o""",
    ("sf_main", "Order"): f"""
        select 'O' || o as "Id", 'ORD-' || o as "OrderNumber", 'A' || o as "AccountId", 'Activated' as "Status",
            'Activated' as "StatusCode", 'US' as "Legal_Entity__c", 'USD' as "CurrencyIsoCode",
            case when is_late then '2025-01-16' else '2025-01-01' end as "EffectiveDate",
            case when is_late then '2026-01-15' else '2025-12-31' end as "EndDate", '2025-01-01T09:00:00.000+0000' as "ActivatedDate",
            'S' || o as "Billing_Subscription_Id__c", 'Active' as "Billing_Status__c", {_STAMP} from o""",
    ("sf_main", "OrderItem"): f"""
        select 'O' || o || '-' || l as "Id", 'O' || o as "OrderId", l + 1 as "OrderItemNumber", 'P' || l as "Product2Id",
            2 as "Quantity", 100 + 20 * l as "UnitPrice", 0 as "Discount_Percent__c",
            case when is_late then '2025-01-16' else '2025-01-01' end as "ServiceDate",
            case when is_late then '2026-01-15' else '2025-12-31' end as "EndDate", 'Monthly' as "Billing_Frequency__c",
            'Advance' as "Billing_Timing__c", 'Start' as "Billing_Anchor__c", 'Month' as "Price_Period__c",
            'Recurring' as "Charge_Type__c", 'I' || o || '-' || l as "Billing_Subscription_Item_Id__c", {_STAMP}
        from o, (select range as l from range(4))""",
    ("stripe_main", "customer"): f"""
        select 'C' || o as id, 'Customer ' || o as name, 'usd' as currency, 'AC-' || o as "metadata.account_number",
            'A' || o as "metadata.salesforce_account_id", {_UNTIL} from o""",
    ("stripe_main", "subscription"): f"""
        select 'S' || o as id, 'C' || o as customer, 'active' as status, 'usd' as currency,
            {_unix("case when is_late then date '2025-01-16' else date '2025-01-01' end")} as start_date,
            'US' as "metadata.legal_entity", 'O' || o as "metadata.salesforce_order_id", {_UNTIL} from o""",
    ("stripe_main", "subscription_item"): f"""
        select 'I' || o || '-' || l as id, 'S' || o as subscription, 2 as quantity, 'pr' || l as "price.id",
            'prod' || l as "price.product", 'usd' as "price.currency", 10000 + 2000 * l as "price.unit_amount_decimal",
            'month' as "price.recurring.interval", 1 as "price.recurring.interval_count",
            'O' || o || '-' || l as "metadata.salesforce_order_item_id", 'ORD-' || o || '/' || (l + 1) as "metadata.contract_line",
            {_UNTIL}
        from o, (select range as l from range(4))""",
    ("stripe_main", "invoice"): f"""
        select 'in' || o || '-' || m as id, 'INV-' || o || '-' || m as number, 'paid' as status, 'C' || o as customer,
            'S' || o as "parent.subscription_details.subscription", 'US' as "metadata.legal_entity", 'usd' as currency,
            {_unix("first_day")} as created, {_unix("first_day")} as effective_at, total, net as total_excluding_tax,
            0 as amount_remaining, total as amount_paid, {_unix("first_day")} as "status_transitions.finalized_at", {_UNTIL}
        from document""",
    ("stripe_main", "invoice_line"): f"""
        select 'il' || o || '-' || m || '-' || l as id, 'in' || o || '-' || m as invoice,
            'S' || o as "parent.subscription_item_details.subscription",
            'I' || o || '-' || l as "parent.subscription_item_details.subscription_item",
            false as "parent.subscription_item_details.proration", 'prod' || l as "pricing.price_details.product",
            'pr' || l as "pricing.price_details.price", 2 as quantity, net // 2 as "pricing.unit_amount_decimal", net as amount,
            '[]' as discount_amounts, '[{{"amount":"' || tax || '","tax_behavior":"exclusive"}}]' as taxes, 'usd' as currency,
            {_unix("first_day")} as "period.start", {_unix("next_day")} as "period.end", {_UNTIL}
        from billed""",
    ("stripe_main", "charge"): f"""
        select 'ch' || o || '-' || m as id, 'succeeded' as status, 'C' || o as customer, 'pi' || o || '-' || m as payment_intent,
            total as amount, 'usd' as currency, {_unix("first_day + 10")} as created, {_UNTIL} from document""",
    ("stripe_main", "invoice_payment"): f"""
        select 'inpay' || o || '-' || m as id, 'paid' as status, 'in' || o || '-' || m as invoice,
            'pi' || o || '-' || m as "payment.payment_intent", total as amount_paid, 'usd' as currency, {_UNTIL} from document""",
    ("netsuite_main", "customer"): f"""
        select 'E' || o as id, {_ERP_STAMP} as lastmodifieddate, 'AC-' || o as entityid, 'Customer ' || o as companyname,
            'A' || o as externalid, 'USD' as "currency.symbol" from o""",
    ("netsuite_main", "transactionaccountingline"): " union all ".join(_POSTINGS),
}
