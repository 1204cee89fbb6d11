-- control:  MD01
-- priority: 50
-- severity: medium
-- grain:    account, role of the system that lacks it
-- params:   as_of, booking_grace_days
-- owner:    sales operations
-- queue:    revenue_operations
-- says:     customer with an activated order is missing in billing or in the ERP
-- example:  AC-00012 signed yesterday's order and NetSuite has no customer for it
-- repair:   create request
with ordering as ( -- accounts with an activated order past its grace
    select
        b.account_key,
        min(b.legal_entity_code) as legal_entity_code
    from link.booked_line as b
    left join policy.grace as g on b.instance = g.instance and b.legal_entity_code = g.legal_entity_code
    where b.is_counted and b.activated_date <= $as_of - cast(coalesce(g.booking_days, $booking_grace_days) as integer)
    group by b.account_key
),

needed as ( -- each of them once for each configured system that should know it
    select
        o.account_key,
        o.legal_entity_code,
        r.role
    from ordering as o
    cross join (select distinct role from policy.instance where role in ('billing', 'erp')) as r
)

select
    cast(null as varchar) as cell_id,
    coalesce(a.account_number, a.source_id) || '@' || n.role as subject_key,
    'MD' as leg,
    n.legal_entity_code,
    cast(null as varchar) as currency,
    cast(null as date) as period,
    cast(0 as decimal(20, 4)) as difference_amount,
    'account ' || coalesce(a.account_number, a.source_id) || ' has an activated order and no customer in ' || n.role as reason,
    '[{"instance":"' || a.instance || '","table":"account","source_id":"' || a.source_id || '"}]' as evidence,
    'a customer of account ' || coalesce(a.account_number, a.source_id) || ' in ' || n.role as expected_text,
    'no customer of ' || n.role || ' is linked to ' || a.source_id as found_text
from needed as n
inner join canonical.account as a on n.account_key = a.instance || ':' || a.source_id
left join link.account as k on n.account_key = k.account_key and n.role = k.role
where k.account_key is null
