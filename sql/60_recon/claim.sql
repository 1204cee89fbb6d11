-- grain:   cell_id, control_id, subject_key
-- owner:   controllership
-- says:    every cell that a control claims; the lowest priority wins, ties by control id, the others are symptoms of it
-- example: a void invoice posted twice is claimed by BP11 (priority 15) and wins over BP03 (25)
with one as ( -- one row a claim, whatever a control returns twice
    select
        cell_id,
        control_id,
        subject_key,
        min(priority) as priority,
        min(leg) as leg,
        min(legal_entity_code) as legal_entity_code,
        min(currency) as currency,
        min(period) as period,
        min(difference_amount) as difference_amount,
        min(reason) as reason,
        min(evidence) as evidence
    from control.finding
    where cell_id is not null
    group by cell_id, control_id, subject_key
)

select
    cell_id,
    control_id,
    subject_key,
    leg,
    legal_entity_code,
    currency,
    period,
    difference_amount,
    reason,
    evidence,
    row_number() over (partition by cell_id order by priority asc, control_id asc, subject_key asc) = 1 as is_winner
from one
