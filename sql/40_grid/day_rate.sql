-- grain:   instance, currency, quote_currency, rate_date
-- owner:   accounting
-- says:    the rate of each day that a comparison needs: the newest spot rate on or before it, and whether the day's own rate is known
-- example: 1.10 on Friday 3 April, none on Saturdays: 1.10 holds on 4 April; none on Tuesday 7 April, though Tuesdays have one: unknown
-- A day without a rate takes the newest before it, unless the pair is quoted on that day of the week: then its rate is missing in what
-- was read, and nothing may be judged by an older one.
with book as ( -- pairs of currencies with their months
    select
        f.instance, f.currency, f.functional_currency as quote_currency,
        min(f.period) as first_period,
        max(w.erp_date) as last_date
    from grid.foreign_receivable as f
    cross join canonical.reading_cutoff as w
    group by f.instance, f.currency, f.functional_currency
),

begun as ( -- first days of these months
    select
        instance, currency, quote_currency,
        cast(unnest(generate_series(first_period, last_date, interval '1' month)) as date) as period
    from book
),

asked as ( -- days of documents and money, and the last days of months
    select instance, currency, functional_currency as quote_currency, posting_date as rate_date
    from grid.foreign_receivable
    union
    select f.instance, f.currency, f.functional_currency as quote_currency, i.issued_date as rate_date
    from grid.foreign_receivable as f
    inner join link.document as d on f.transaction_key = d.transaction_key
    inner join canonical.invoice as i on d.document_key = i.instance || ':' || i.source_id
    union
    select instance, currency, quote_currency, cast(period + interval '1' month - interval '1' day as date) as rate_date
    from begun
),

ranked as ( -- spot rates on or before each of these days, the newest ranked first
    select
        k.instance, k.currency, k.quote_currency, k.rate_date, r.effective_date, r.exchange_rate,
        row_number() over (
            partition by k.instance, k.currency, k.quote_currency, k.rate_date
            order by r.effective_date desc, r.source_id asc
        ) as rate_rank,
        bool_or(r.effective_date in (k.rate_date - 7, k.rate_date - 14, k.rate_date - 21, k.rate_date - 28)) over (
            partition by k.instance, k.currency, k.quote_currency, k.rate_date
        ) as is_quoted_that_weekday
    from asked as k
    inner join canonical.fx_rate as r
        on k.instance = r.instance and k.currency = r.currency and k.quote_currency = r.quote_currency
    where r.rate_type = 'spot' and r.effective_date <= k.rate_date
)

select
    instance,
    currency,
    quote_currency,
    rate_date,
    exchange_rate,
    effective_date = rate_date or not is_quoted_that_weekday as is_known
from ranked
where rate_rank = 1
