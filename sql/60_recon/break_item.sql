-- grain: cell_id or finding without a cell, control_id, subject_key
-- owner: controllership
-- says:  what exceptions are made of: won cells and findings that have no cell, each with what its exception's amount needs
select -- won cells; those of billed-posted with their class and whether they stand in the document's own entity and period
    w.control_id,
    w.leg,
    w.subject_key,
    w.currency,
    w.legal_entity_code,
    w.period,
    w.cell_id,
    w.difference_amount,
    cast(null as decimal(20, 4)) as own_amount,
    p.account_class,
    coalesce(p.legal_entity_code = p.billed_entity_code and p.period = p.billed_period, p.cell_id is null) as is_home,
    w.reason,
    w.evidence
from recon.claim as w
left join grid.billed_posted_break as p on w.cell_id = p.cell_id
where w.is_winner
union all -- findings that have no cell bring their own amount
select
    control_id,
    leg,
    subject_key,
    currency,
    legal_entity_code,
    period,
    cell_id,
    cast(0 as decimal(20, 4)) as difference_amount,
    difference_amount as own_amount,
    cast(null as varchar) as account_class,
    true as is_home,
    reason,
    evidence
from control.finding
where cell_id is null
