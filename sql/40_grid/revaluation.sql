-- grain:   instance, legal_entity_code, currency, period
-- params:  posting_grace_days
-- owner:   accounting
-- says:    open receivables in another currency than the books', valued at the rate of each month's end, and what was posted for it
-- example: open 100.00 EUR stand at 86.00 GBP, worth 84.00 GBP on 31 March: unrealised -2.00 GBP, revalued by -2.00 GBP
-- Only companies whose ledger revalues at all; a month that is over is judged once its last day is revalued, at the latest after the grace
-- of postings. Postings for a month and reversals of the month before add up: what is posted to date is held against the month.
with book as ( -- companies and currencies that are revalued, with their first month
    select instance, legal_entity_code, currency, functional_currency, min(first_period) as first_period
    from (
        select
            instance, legal_entity_code, currency, functional_currency,
            min(period) as first_period,
            bool_or(bool_or(transaction_kind = 'fx_revaluation')) over (partition by instance, legal_entity_code) as is_revalued
        from grid.foreign_receivable
        group by instance, legal_entity_code, currency, functional_currency
    ) as known
    where is_revalued
    group by instance, legal_entity_code, currency, functional_currency
),

spine as ( -- their months up to the day
    select
        b.instance, b.legal_entity_code, b.currency, b.functional_currency, w.erp_date,
        cast(unnest(generate_series(b.first_period, w.erp_date, interval '1' month)) as date) as period
    from book as b
    cross join canonical.reading_cutoff as w
),

moved as ( -- what each month moved: in the documents' currency, at their own rates, and by revaluation
    select
        instance, legal_entity_code, currency, period,
        sum(transaction_amount) as open_amount,
        coalesce(sum(functional_amount) filter (where transaction_kind <> 'fx_revaluation'), 0) as carried_amount,
        coalesce(sum(functional_amount) filter (where transaction_kind = 'fx_revaluation'), 0) as revalued_amount,
        coalesce(min(transaction_key) filter (where transaction_kind = 'fx_revaluation'), max(transaction_key)) as transaction_key,
        max(posting_date) filter (where transaction_kind = 'fx_revaluation') as revalued_date
    from grid.foreign_receivable
    group by instance, legal_entity_code, currency, period
),

balance as ( -- up to the end of each month
    select
        s.instance, s.legal_entity_code, s.currency, s.functional_currency, s.period, s.erp_date, m.revalued_date,
        coalesce(m.revalued_amount, 0) as revalued_amount,
        cast(s.period + interval '1' month - interval '1' day as date) as end_date,
        max(m.transaction_key) over book_months as transaction_key,
        sum(coalesce(m.open_amount, 0)) over book_months as open_amount,
        sum(coalesce(m.carried_amount, 0)) over book_months as carried_amount,
        sum(coalesce(m.revalued_amount, 0)) over book_months as revalued_to_date
    from spine as s
    left join moved as m
        on
            s.instance = m.instance and s.legal_entity_code = m.legal_entity_code and s.currency = m.currency
            and s.period = m.period
    window book_months as (partition by s.instance, s.legal_entity_code, s.currency order by s.period)
),

valued as ( -- unrealised difference; each branch is cast by itself to keep its scale
    select
        b.instance, b.legal_entity_code, b.currency, b.functional_currency, b.period, b.end_date, b.erp_date, b.transaction_key,
        b.revalued_amount, b.revalued_date, b.open_amount, b.carried_amount, b.revalued_to_date, r.exchange_rate, r.is_known,
        case u.exponent
            when 0 then cast(round(cast(b.open_amount as decimal(38, 4)) * r.exchange_rate, 0) as decimal(20, 4))
            when 3 then cast(round(cast(b.open_amount as decimal(38, 4)) * r.exchange_rate, 3) as decimal(20, 4))
            else cast(round(cast(b.open_amount as decimal(38, 4)) * r.exchange_rate, 2) as decimal(20, 4))
        end as worth_amount
    from balance as b
    inner join grid.day_rate as r
        on
            b.instance = r.instance and b.currency = r.currency and b.functional_currency = r.quote_currency
            and b.end_date = r.rate_date
    inner join canonical.currency_unit as u on b.functional_currency = u.currency
)

select
    v.instance,
    v.legal_entity_code || ' ' || currency || ' ' || substr(cast(period as varchar), 1, 7) as subject_key,
    v.legal_entity_code,
    currency,
    functional_currency,
    period,
    transaction_key,
    exchange_rate,
    cast(open_amount as decimal(20, 4)) as open_amount,
    cast(carried_amount as decimal(20, 4)) as carried_amount,
    worth_amount,
    cast(worth_amount - carried_amount as decimal(20, 4)) as expected_amount,
    cast(revalued_to_date as decimal(20, 4)) as revalued_to_date,
    cast(revalued_amount as decimal(20, 4)) as revalued_amount,
    worth_amount - carried_amount <> revalued_to_date
    and is_known
    and end_date <= erp_date
    and (
        coalesce(revalued_date = end_date, false)
        or end_date <= erp_date - cast(coalesce(g.posting_days, $posting_grace_days) as integer)
    ) as is_off
from valued as v
left join policy.grace as g on g.instance is null and v.legal_entity_code = g.legal_entity_code
