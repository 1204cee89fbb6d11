-- grain:   exception_id, step, title
-- owner:   controllership
-- says:    what only a person can do: tasks that a repair words itself, and every exception that no repair proposes anything for
-- example: MD01 of AC-00012@erp: create request, in the queue of revenue operations
select
    exception_id,
    step,
    queue,
    title,
    body
from repair.task
union all
select
    e.exception_id,
    1 as step,
    e.queue,
    e.control_id || ' ' || e.subject_key || ': ' || e.repair as title,
    e.reason || coalesce('. No journal is proposed: ' || o.obstacle, '') as body
from recon.exception as e
left join repair.proposed as p on e.exception_id = p.exception_id
left join repair.obstacle as o on e.exception_id = o.exception_id
where p.exception_id is null
