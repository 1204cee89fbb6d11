-- grain:   legal_entity_code, period
-- owner:   accounting
-- says:    the one ERP and subsidiary that keep each entity's books, and whether the month can still be posted to
-- example: DE: subsidiary 3 of netsuite_main; May 2026 is open, February 2026 is closed
with book as ( -- entities that exactly one subsidiary of one ERP keeps
    select
        e.legal_entity_code,
        min(e.instance) as instance,
        min(e.source_id) as subsidiary_source_id
    from canonical.legal_entity as e
    inner join policy.instance as i on e.instance = i.instance
    where i.role = 'erp'
    group by e.legal_entity_code
    having count(*) = 1
)

select
    b.legal_entity_code,
    b.instance,
    b.subsidiary_source_id,
    cast(date_trunc('month', p.start_date) as date) as period,
    min(p.start_date) as start_date,
    max(p.end_date) as end_date,
    min(p.period_name) as period_name,
    bool_and(p.period_state = 'open') as is_open
from book as b
inner join canonical.accounting_period as p on b.instance = p.instance and not p.is_adjustment
group by b.legal_entity_code, b.instance, b.subsidiary_source_id, cast(date_trunc('month', p.start_date) as date)
