-- grain:   transaction_key, legal_entity_code
-- owner:   accounting
-- says:    receivable of every transaction in another currency than its books', with what it is worth at the rate of the document's day
-- example: invoice of 100.00 EUR in the books of UK, rate of the day 0.85: worth 85.00 GBP, posted 80.00 GBP
-- The ledger rounds line by line and lets one line take the rest, so that up to a minor unit a line is rounding, not another rate.
with foreign_posting as ( -- transactions of documents in another currency than the books'
    select
        p.instance,
        p.instance || ':' || p.transaction_source_id as transaction_key,
        e.legal_entity_code,
        p.currency,
        e.currency as functional_currency,
        count(*) as line_count,
        min(p.exchange_rate) as used_rate,
        coalesce(sum(p.transaction_amount) filter (where a.account_class = 'receivable'), 0) as transaction_amount,
        coalesce(sum(p.functional_amount) filter (where a.account_class = 'receivable'), 0) as functional_amount
    from canonical.posting as p
    inner join canonical.legal_entity as e on p.instance = e.instance and p.subsidiary_source_id = e.source_id
    inner join canonical.ledger_account as a on p.instance = a.instance and p.ledger_account_source_id = a.source_id
    where
        p.is_posted and p.is_primary_book and not p.is_voided and p.transaction_kind in ('invoice', 'credit_memo')
        and p.currency <> e.currency
    group by p.instance, p.transaction_source_id, e.legal_entity_code, p.currency, e.currency
),

dated as ( -- with the document that they post, and its day
    select
        f.instance, f.transaction_key, f.legal_entity_code, f.currency, f.functional_currency, f.line_count, f.used_rate,
        f.transaction_amount, f.functional_amount, d.document_number, i.issued_date
    from foreign_posting as f
    inner join link.document as d on f.transaction_key = d.transaction_key and d.document_state = 'live'
    inner join canonical.invoice as i on d.document_key = i.instance || ':' || i.source_id
),

asked as ( -- pairs of currencies and days that a rate is needed for
    select distinct instance, currency, functional_currency, issued_date from dated
),

ranked as ( -- spot rates on or before each of these days, the newest ranked first
    select
        k.instance, k.currency, k.functional_currency, k.issued_date, r.exchange_rate,
        row_number() over (
            partition by k.instance, k.currency, k.functional_currency, k.issued_date
            order by r.effective_date desc, r.source_id asc
        ) as rate_rank
    from asked as k
    inner join canonical.fx_rate as r
        on k.instance = r.instance and k.currency = r.currency and k.functional_currency = r.quote_currency
    where r.rate_type = 'spot' and r.effective_date <= k.issued_date
),

worth as ( -- the receivable at the rate of the day, rounded once; each branch is cast by itself to keep its scale
    select
        d.transaction_key, d.legal_entity_code, d.currency, d.functional_currency, d.line_count, d.used_rate, d.transaction_amount,
        d.functional_amount, d.document_number, d.issued_date, r.exchange_rate, u.minor_unit,
        case u.exponent
            when 0 then cast(round(cast(d.transaction_amount as decimal(38, 4)) * r.exchange_rate, 0) as decimal(20, 4))
            when 3 then cast(round(cast(d.transaction_amount as decimal(38, 4)) * r.exchange_rate, 3) as decimal(20, 4))
            else cast(round(cast(d.transaction_amount as decimal(38, 4)) * r.exchange_rate, 2) as decimal(20, 4))
        end as expected_amount
    from dated as d
    inner join ranked as r
        on
            d.instance = r.instance and d.currency = r.currency and d.functional_currency = r.functional_currency
            and d.issued_date = r.issued_date and r.rate_rank = 1
    inner join canonical.currency_unit as u on d.functional_currency = u.currency
)

select
    transaction_key,
    legal_entity_code,
    currency,
    functional_currency,
    document_number,
    cast(date_trunc('month', issued_date) as date) as period,
    used_rate,
    exchange_rate,
    expected_amount,
    cast(functional_amount as decimal(20, 4)) as functional_amount,
    cast(expected_amount - functional_amount as decimal(20, 4)) as difference_amount,
    abs(expected_amount - functional_amount) > line_count * minor_unit as is_off
from worth
