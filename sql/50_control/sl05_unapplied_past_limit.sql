-- control:  SL05
-- priority: 50
-- severity: medium
-- grain:    payment or credit memo of billing
-- params:   unapplied_sla_days
-- owner:    billing operations
-- queue:    revenue_operations
-- says:     cash or credit settles nothing for longer than agreed
-- repair:   apply
-- example:  ch_9 of 500.00 USD came in 45 days ago and is not applied to any invoice; agreed are 30 days
select
    cast(null as varchar) as cell_id,
    u.subject_key,
    'SL' as leg,
    u.legal_entity_code,
    u.currency,
    cast(date_trunc('month', u.since_date) as date) as period,
    u.unapplied_amount as difference_amount,
    case u.unapplied_kind when 'cash' then 'payment ' else 'credit memo ' end || u.subject_key || ': '
    || cast(u.unapplied_amount as varchar) || ' ' || u.currency || ' settle nothing since ' || cast(u.since_date as varchar)
    || ', agreed are ' || cast($unapplied_sla_days as varchar) || ' days' as reason,
    '[{"instance":"' || split_part(u.record_key, ':', 1) || '","table":"'
    || case u.unapplied_kind when 'cash' then 'payment' else 'invoice' end || '","source_id":"'
    || split_part(u.record_key, ':', 2) || '"}]' as evidence,
    cast(u.unapplied_amount as varchar) || ' ' || u.currency || ' are applied by '
    || cast(u.since_date + cast($unapplied_sla_days as integer) as varchar) as expected_text,
    'they settle nothing on ' || cast(w.billing_date as varchar) as found_text
from grid.unapplied as u
cross join canonical.reading_cutoff as w
where
    u.unapplied_kind in ('cash', 'credit')
    and u.since_date < w.billing_date - cast($unapplied_sla_days as integer)
