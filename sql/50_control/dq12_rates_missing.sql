-- control:  DQ12
-- priority: 50
-- severity: medium
-- grain:    pair of currencies, first day without a rate
-- params:   as_of
-- owner:    accounting
-- queue:    finance_operations
-- says:     exchange rates are missing for days of a pair that is quoted daily: amounts of these days stand at an older rate
-- example:  JPY in USD has a rate for 3 March and the next one for 11 March: netsuite_main/JPY-USD/2026-03-04
-- repair:   repair at source
-- A weekend with a holiday leaves at most four days; a pair counts as quoted daily where the two weeks before had eight rates or more.
with quoted as ( -- days of each pair with a rate, and the next such day; the day after tonight stands for the end
    select
        instance, currency, quote_currency, effective_date, source_id,
        coalesce(
            lead(effective_date) over (partition by instance, currency, quote_currency order by effective_date, source_id),
            cast($as_of as date) + 1
        ) as next_date
    from canonical.fx_rate
    where rate_type = 'spot' and effective_date <= $as_of
),

hole as ( -- more than four days without a rate
    select instance, currency, quote_currency, effective_date, next_date, source_id
    from quoted
    where date_diff('day', effective_date, next_date) > 5
)

select
    cast(null as varchar) as cell_id,
    h.instance || '/' || h.currency || '-' || h.quote_currency || '/' || cast(h.effective_date + 1 as varchar) as subject_key,
    'DQ' as leg,
    cast(null as varchar) as legal_entity_code,
    cast(null as varchar) as currency,
    cast(null as date) as period,
    cast(0 as decimal(20, 4)) as difference_amount,
    'no rate of ' || h.currency || ' in ' || h.quote_currency || ' from ' || cast(h.effective_date + 1 as varchar) || ' to '
    || cast(h.next_date - 1 as varchar) as reason,
    '[{"instance":"' || h.instance || '","table":"fx_rate","source_id":"' || h.source_id || '"}]' as evidence,
    'a rate for each of ' || cast(date_diff('day', h.effective_date, h.next_date) - 1 as varchar) || ' days' as expected_text,
    'none after the one of ' || cast(h.effective_date as varchar) as found_text
from hole as h
inner join quoted as q
    on
        h.instance = q.instance and h.currency = q.currency and h.quote_currency = q.quote_currency
        and q.effective_date between h.effective_date - 13 and h.effective_date
group by h.instance, h.currency, h.quote_currency, h.effective_date, h.next_date, h.source_id
having count(distinct q.effective_date) >= 8
