-- control: any
-- action:  note
-- grain:   exception_id
-- owner:   sales operations
-- says:    the reason of an order's gravest exception, to be written on the order where the policy lists its field
-- example: ORD-00056 lacks an invoice of 1,000.00: "BB06: a due period was not billed although the subscription is right"
-- What a control says is written, not the figures of the night, which change: an order is touched when its exception is another one.
with told as ( -- exceptions of orders and of their lines, the gravest of each order first
    select
        e.exception_id, c.instance, c.source_id, c.contract_number, c.source_version, c.exception_reason,
        substr(e.control_id || ': ' || k.says, 1, 255) as wanted_reason,
        row_number() over (
            partition by c.instance, c.source_id order by e.amount_at_risk desc nulls last, e.control_id asc, e.exception_id asc
        ) as gravity_rank
    from recon.exception as e
    inner join control.catalogue as k on e.control_id = k.control_id
    inner join canonical.contract as c on split_part(e.subject_key, '/', 1) = c.contract_number
)

select
    exception_id,
    1 as step,
    instance,
    'contract' as table_name,
    source_id,
    contract_number as business_key,
    source_version,
    'exception_reason' as field_name,
    exception_reason as before_value,
    wanted_reason as after_value
from told
where gravity_rank = 1 and exception_reason is distinct from wanted_reason
