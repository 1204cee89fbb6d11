-- grain:   cell_id, control_id, subject_key
-- owner:   controllership
-- says:    claims that lost to a control of lower priority, with the one that they are a symptom of
-- example: the quarantined charge ch_9 (DQ02) is a symptom of the unknown charge status (DQ03)
select
    l.cell_id,
    l.control_id,
    l.subject_key,
    l.leg,
    l.reason,
    w.control_id as cause_control_id,
    w.subject_key as cause_subject_key
from recon.claim as l
inner join recon.claim as w on l.cell_id = w.cell_id
where not l.is_winner and w.is_winner
