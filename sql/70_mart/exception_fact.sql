-- grain:   exception_id, expected_text, found_text
-- owner:   controllership
-- says:    what should be and what is, for exceptions that no cell of a grid shows: both values as the control read them
-- example: AC-00012@crm/payment_terms: expected "payment terms NET30, as netsuite_main says for erp", found "NET45 in sf_main"
select distinct
    e.exception_id,
    f.expected_text,
    f.found_text
from recon.exception as e
inner join control.finding as f
    on e.control_id = f.control_id and e.subject_key = f.subject_key and e.currency is not distinct from f.currency
where f.expected_text is not null or f.found_text is not null
