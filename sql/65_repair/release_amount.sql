-- grain:   exception_id, period
-- owner:   accounting
-- says:    what each revenue exception still has to release (or, negative, take back), month by month, and whether a journal can say so
-- example: ORD-00056/1: April lacks 120.00, May has 120.00 too much; both months are open
select
    e.exception_id,
    e.control_id,
    row_number() over (partition by e.exception_id order by g.period asc, g.legal_entity_code asc) as step,
    b.instance,
    b.subsidiary_source_id,
    g.legal_entity_code,
    g.currency,
    g.subject_key,
    b.end_date as posting_date,
    g.difference_amount,
    d.ledger_account_number as deferred_account_number,
    r.ledger_account_number as revenue_account_number,
    bool_and(
        g.grain_used = 'contract_line' and coalesce(b.is_open, false) and d.ledger_account_number is not null
        and r.ledger_account_number is not null
    ) over (partition by e.exception_id) as is_certain
from recon.exception as e
inner join recon.claim as w
    on e.control_id = w.control_id and e.subject_key = w.subject_key and e.currency is not distinct from w.currency
inner join grid.posted_recognised_break as g on w.cell_id = g.cell_id
left join repair.ledger_entity as b on g.legal_entity_code = b.legal_entity_code and g.period = b.period
left join repair.account as d
    on b.instance = d.instance and g.legal_entity_code = d.legal_entity_code and d.account_class = 'deferred_revenue'
left join repair.account as r on b.instance = r.instance and g.legal_entity_code = r.legal_entity_code and r.account_class = 'revenue'
where e.leg = 'RR' and w.is_winner
