-- grain:    exception_id
-- owner:    controllership
-- severity: warning
-- says:     an exception that shows neither a cell nor a pair of values cannot be explained to anybody
select
    e.exception_id,
    e.control_id,
    e.subject_key
from recon.exception as e
left join mart.exception_cell as c on e.exception_id = c.exception_id
left join mart.exception_fact as f on e.exception_id = f.exception_id
where c.exception_id is null and (f.expected_text is null or f.found_text is null)
