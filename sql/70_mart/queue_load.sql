-- grain:   queue
-- owner:   controllership
-- says:    how much work waits in each queue; amounts in group currency
-- example: revenue operations: 7 exceptions (1 critical, 2 high), 12,300.00 at risk
select
    queue,
    count(*) as exceptions,
    cast(sum(case when severity = 'critical' then 1 else 0 end) as bigint) as critical,
    cast(sum(case when severity = 'high' then 1 else 0 end) as bigint) as high,
    sum(amount_at_risk) as amount_at_risk
from recon.exception
group by queue
