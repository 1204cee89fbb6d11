-- grain:   exception_id
-- params:  severity_high_amount, severity_critical_amount
-- owner:   controllership
-- says:    the breaks that someone has to work on: groups above their tolerance, with a stable id, severity, queue and repair
-- example: price drift of ORD-00056/1 over five months: one exception BB04 of 250.00 USD, medium, revenue operations
select
    sha256(
        '["' || g.control_id || '","' || g.leg || '","' || replace(g.subject_key, '"', '\"') || '",'
        || coalesce('"' || g.currency || '"', 'null') || ',' || coalesce('"' || cast(g.first_period as varchar) || '"', 'null') || ']'
    ) as exception_id,
    g.control_id,
    g.leg,
    g.subject_key,
    g.legal_entity_code,
    g.currency,
    g.first_period,
    g.last_period,
    g.cell_count,
    g.difference_amount,
    g.amount_at_risk,
    case
        when g.currency is null or g.amount_at_risk is null then c.severity
        when g.amount_at_risk >= $severity_critical_amount then 'critical'
        when g.amount_at_risk >= $severity_high_amount then 'high'
        else c.severity
    end as severity,
    c.queue,
    c.owner,
    g.reason,
    c.repair,
    g.evidence
from recon.break_group as g
inner join control.catalogue as c on g.control_id = c.control_id
where not g.is_tolerated
