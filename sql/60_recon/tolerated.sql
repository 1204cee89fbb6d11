-- grain:   control_id, leg, subject_key, currency
-- owner:   controllership
-- says:    breaks within the tolerance that the most specific rule of the policy gives them: in the bridge, but no exception
-- example: BP05 tolerates 0.02 EUR (rule 'BP05 EUR'): a tax difference of 0.01 EUR is listed here
select
    g.control_id,
    g.leg,
    g.subject_key,
    g.currency,
    g.legal_entity_code,
    g.first_period,
    g.last_period,
    g.cell_count,
    g.difference_amount,
    g.reason,
    g.tolerance_scope,
    g.evidence
from recon.break_group as g
where g.is_tolerated
