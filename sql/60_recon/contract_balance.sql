-- grain:   root contract line, period, currency
-- owner:   accounting
-- says:    what was billed and earned of each contract line up to the end of each month: deferred if more was billed, unbilled if less
-- example: 310.00 billed, 120.00 earned: deferred 190.00; 0.00 billed in arrears, 120.00 earned: unbilled (contract asset) 120.00
with side as ( -- documents by month of issue, and the expected revenue schedule up to the last of these months
    select
        root_line_key, cast(date_trunc('month', issued_date) as date) as period, currency, net_amount as billed_amount,
        cast(0 as decimal(20, 4)) as earned_amount
    from link.invoice_line
    where is_billed and root_line_key is not null
    union all
    select
        s.root_line_key, s.period, s.currency, cast(0 as decimal(20, 4)) as billed_amount, s.net_amount as earned_amount
    from schedule.revenue_period as s
    cross join canonical.reading_cutoff as w
    where s.period <= w.billing_date
),

moved as ( -- by month
    select root_line_key, period, currency, sum(billed_amount) as billed_amount, sum(earned_amount) as earned_amount
    from side
    group by root_line_key, period, currency
),

balance as ( -- up to the end of each month
    select
        root_line_key, period, currency, billed_amount, earned_amount,
        sum(billed_amount) over (partition by root_line_key, currency order by period) as billed_to_date,
        sum(earned_amount) over (partition by root_line_key, currency order by period) as earned_to_date
    from moved
)

select
    b.root_line_key,
    l.subject_key,
    b.period,
    b.currency,
    l.legal_entity_code,
    cast(b.billed_amount as decimal(20, 4)) as billed_amount,
    cast(b.earned_amount as decimal(20, 4)) as earned_amount,
    cast(b.billed_to_date as decimal(20, 4)) as billed_to_date_amount,
    cast(b.earned_to_date as decimal(20, 4)) as earned_to_date_amount,
    cast(greatest(b.billed_to_date - b.earned_to_date, 0) as decimal(20, 4)) as deferred_amount,
    cast(greatest(b.earned_to_date - b.billed_to_date, 0) as decimal(20, 4)) as unbilled_amount
from balance as b
inner join link.booked_line as l on b.root_line_key = l.contract_line_key
