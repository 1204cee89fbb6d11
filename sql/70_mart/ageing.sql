-- grain:   age_bucket
-- params:  as_of
-- owner:   controllership
-- says:    exceptions by the age of their first period; amounts in group currency; every bucket is there
-- example: price drift since March, run of 31 October: over 180 days
with bucket as ( -- all buckets in order
    select unnest([0, 1, 2, 3]) as bucket_order
),

aged as ( -- exceptions with the bucket of their first period; one without a period is new
    select
        amount_at_risk,
        case
            when coalesce(date_diff('day', first_period, $as_of), 0) <= 30 then 0
            when date_diff('day', first_period, $as_of) <= 90 then 1
            when date_diff('day', first_period, $as_of) <= 180 then 2
            else 3
        end as bucket_order
    from recon.exception
)

select
    case b.bucket_order
        when 0 then '0 to 30 days' when 1 then '31 to 90 days' when 2 then '91 to 180 days' else 'over 180 days'
    end as age_bucket,
    cast(b.bucket_order as bigint) as bucket_order,
    count(a.bucket_order) as exceptions,
    cast(coalesce(sum(a.amount_at_risk), 0) as decimal(20, 4)) as amount_at_risk
from bucket as b
left join aged as a on b.bucket_order = a.bucket_order
group by b.bucket_order
