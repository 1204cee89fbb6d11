-- grain:   account_key of the CRM, other_account_key that is held
-- params:  as_of
-- owner:   accounting
-- says:    customers on credit hold, and since which day the record says so without a break
-- example: NetSuite customer 2001 of account 001A was set ON on 3 May: what is invoiced from 4 May on should not have been
with version as ( -- every version of records that are held now
    select m.instance, m.source_id, m.source_version, m.credit_hold
    from mapped.account as m
    inner join canonical.account as a on m.instance = a.instance and m.source_id = a.source_id
    where a.credit_hold = 'hold' and m.as_of <= $as_of and not m.is_deleted
),

freed as ( -- when such a record was last seen without a hold
    select instance, source_id, max(source_version) as free_version
    from version
    where credit_hold is null or credit_hold <> 'hold'
    group by instance, source_id
),

held as ( -- the first version of the hold that still stands
    select v.instance, v.source_id, cast(min(v.source_version) as date) as held_date
    from version as v
    left join freed as f on v.instance = f.instance and v.source_id = f.source_id
    where f.free_version is null or v.source_version > f.free_version
    group by v.instance, v.source_id
)

select
    coalesce(k.account_key, h.instance || ':' || h.source_id) as account_key,
    h.instance || ':' || h.source_id as held_account_key,
    h.held_date
from held as h
left join link.account as k on h.instance || ':' || h.source_id = k.other_account_key
