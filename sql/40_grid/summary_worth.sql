-- grain:   transaction_key, legal_entity_code
-- owner:   accounting
-- says:    receivable of every summary journal in another currency than its books', and what it is worth at the rate of its documents' day
-- example: SUM-UK-EUR of 350.00 EUR for documents of 4 March, rate of the day 0.85: worth 297.50 GBP, posted 280.00 GBP
-- Judged where all that the journal posts to receivables is its documents', which are all of its own day: what is another amount, day or
-- company is that first. A batch of several days has no one rate. The ledger rounds line by line: up to a minor unit a line is rounding.
with held as ( -- what journals hold for documents, and of which days these are
    select
        s.transaction_key,
        sum(s.receivable_amount) as receivable_amount,
        min(i.issued_date) as first_date,
        max(i.issued_date) as last_date
    from link.summary_document as s
    inner join canonical.invoice as i on s.document_key = i.instance || ':' || i.source_id
    where s.document_state = 'live' and not s.is_summary_elsewhere
    group by s.transaction_key
),

worth as ( -- rounded once; each branch is cast by itself to keep its scale
    select
        f.transaction_key, f.transaction_number, f.legal_entity_code, f.currency, f.functional_currency, f.period, f.line_count,
        f.used_rate, f.transaction_amount, f.functional_amount, r.exchange_rate, u.minor_unit,
        case u.exponent
            when 0 then cast(round(cast(f.transaction_amount as decimal(38, 4)) * r.exchange_rate, 0) as decimal(20, 4))
            when 3 then cast(round(cast(f.transaction_amount as decimal(38, 4)) * r.exchange_rate, 3) as decimal(20, 4))
            else cast(round(cast(f.transaction_amount as decimal(38, 4)) * r.exchange_rate, 2) as decimal(20, 4))
        end as expected_amount
    from grid.foreign_receivable as f
    inner join held as h
        on
            f.transaction_key = h.transaction_key and f.transaction_amount = h.receivable_amount
            and f.posting_date = h.first_date and f.posting_date = h.last_date
    inner join grid.day_rate as r
        on
            f.instance = r.instance and f.currency = r.currency and f.functional_currency = r.quote_currency
            and f.posting_date = r.rate_date
    inner join canonical.currency_unit as u on f.functional_currency = u.currency
    where f.transaction_kind = 'summary' and r.is_known
)

select
    transaction_key, transaction_number, legal_entity_code, currency, functional_currency, period, used_rate, exchange_rate,
    cast(transaction_amount as decimal(20, 4)) as transaction_amount,
    expected_amount,
    cast(functional_amount as decimal(20, 4)) as functional_amount,
    cast(expected_amount - functional_amount as decimal(20, 4)) as difference_amount,
    abs(expected_amount - functional_amount) > line_count * minor_unit as is_off
from worth
