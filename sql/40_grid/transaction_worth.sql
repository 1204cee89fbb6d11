-- grain:   transaction_key, legal_entity_code
-- owner:   accounting
-- says:    receivable of every transaction in another currency than its books', with what it is worth at the rate of the document's day
-- example: invoice of 100.00 EUR in the books of UK, rate of the day 0.85: worth 85.00 GBP, posted 80.00 GBP
-- The ledger rounds line by line and lets one line take the rest, so that up to a minor unit a line is rounding, not another rate.
with dated as ( -- transactions with the document that they post, its day and the day's rate; their own where that is not known
    select
        f.transaction_key, f.legal_entity_code, f.currency, f.functional_currency, f.line_count, f.used_rate, f.transaction_amount,
        f.functional_amount, d.document_number, i.issued_date, r.is_known,
        case when r.is_known then r.exchange_rate else coalesce(f.used_rate, r.exchange_rate) end as exchange_rate
    from grid.foreign_receivable as f
    inner join link.document as d on f.transaction_key = d.transaction_key and d.document_state = 'live'
    inner join canonical.invoice as i on d.document_key = i.instance || ':' || i.source_id
    inner join grid.day_rate as r
        on
            f.instance = r.instance and f.currency = r.currency and f.functional_currency = r.quote_currency
            and i.issued_date = r.rate_date
    where f.transaction_kind in ('invoice', 'credit_memo')
),

worth as ( -- the receivable at the rate of the day, rounded once; each branch is cast by itself to keep its scale
    select
        d.transaction_key, d.legal_entity_code, d.currency, d.functional_currency, d.line_count, d.used_rate, d.transaction_amount,
        d.functional_amount, d.document_number, d.issued_date, d.exchange_rate, d.is_known, u.minor_unit,
        case u.exponent
            when 0 then cast(round(cast(d.transaction_amount as decimal(38, 4)) * d.exchange_rate, 0) as decimal(20, 4))
            when 3 then cast(round(cast(d.transaction_amount as decimal(38, 4)) * d.exchange_rate, 3) as decimal(20, 4))
            else cast(round(cast(d.transaction_amount as decimal(38, 4)) * d.exchange_rate, 2) as decimal(20, 4))
        end as expected_amount
    from dated as d
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
    is_known and abs(expected_amount - functional_amount) > line_count * minor_unit as is_off
from worth
