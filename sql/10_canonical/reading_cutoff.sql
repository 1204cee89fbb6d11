-- grain:   one row
-- params:  as_of
-- owner:   data platform
-- says:    up to which day each kind of system was read: a side that was not read is not blamed for what it does not show yet
-- example: billing could not be read tonight: its day is yesterday, and what fell due since then is in flight, not missing
with newest as ( -- last day read of every configured system; one that was never read has seen nothing
    select
        i.role,
        i.instance,
        coalesce(
            max(b.as_of),
            case when (select count(*) from landing.batch) = 0 then $as_of else cast('1900-01-01' as date) end
        ) as read_date
    from policy.instance as i
    left join landing.batch as b on i.instance = b.instance and b.as_of <= $as_of
    group by i.role, i.instance
)

select
    min(read_date) filter (where role = 'crm') as crm_date,
    min(read_date) filter (where role = 'billing') as billing_date,
    min(read_date) filter (where role = 'erp') as erp_date
from newest
