-- grain: control_id
-- owner: controllership
-- says:  what every control looked at and found; not_run where a system that it compares is not configured
-- A control needs the systems of its leg, unless its header says which it needs.
with looked_at as ( -- how many cells, accounts, orders or delivered objects the controls of each leg look at
    select 'BB' as leg, (select count(*) from grid.booked_billed) as population
    union all
    select 'BP' as leg, (select count(*) from grid.billed_posted) as population
    union all
    select 'RR' as leg, (select count(*) from grid.posted_recognised) as population
    union all
    select 'SL' as leg, (select count(*) from grid.subledger_ledger) as population
    union all
    select 'MD' as leg, (select count(distinct account_key) from link.booked_line where is_counted) as population
    union all
    select 'ST' as leg, (select count(distinct contract_key) from link.booked_line where is_counted) as population
    union all
    select 'LA' as leg, (select count(*) from canonical.invoice where document_status <> 'draft') as population
    union all
    select 'DQ' as leg, (select count(distinct instance || '.' || object_name) from landing.batch) as population
),

configured as ( -- which roles some configured instance plays
    select
        coalesce(bool_or(role = 'crm'), false) as has_crm,
        coalesce(bool_or(role = 'billing'), false) as has_billing,
        coalesce(bool_or(role = 'erp'), false) as has_erp
    from policy.instance
),

found as ( -- exceptions of each control
    select
        control_id,
        count(*) as exceptions,
        sum(amount_at_risk) as amount_at_risk
    from recon.exception
    group by control_id
)

select
    c.control_id,
    c.leg,
    c.says,
    coalesce(l.population, 0) as population,
    coalesce(f.exceptions, 0) as exceptions,
    coalesce(f.amount_at_risk, 0) as amount_at_risk,
    case
        when coalesce(c.needs like '%crm%', c.leg in ('BB', 'RR', 'ST', 'MD')) and not k.has_crm then 'not_run'
        when coalesce(c.needs like '%billing%', c.leg in ('BB', 'BP', 'RR', 'SL', 'ST', 'LA')) and not k.has_billing then 'not_run'
        when coalesce(c.needs like '%erp%', c.leg in ('BP', 'RR', 'SL')) and not k.has_erp then 'not_run'
        when c.needs is null and c.leg = 'MD' and not (k.has_billing or k.has_erp) then 'not_run'
        when f.exceptions > 0 then 'exceptions'
        else 'ok'
    end as status
from control.catalogue as c
cross join configured as k
left join looked_at as l on c.leg = l.leg
left join found as f on c.control_id = f.control_id
