-- grain:    cell_id
-- owner:    controllership
-- says:     no cent is unexplained
-- severity: warning
select cell_id, leg, subject_key, legal_entity_code, currency, period, measure, left_amount, right_amount, difference_amount
from recon.cell_cause
where cause = 'unexplained'
