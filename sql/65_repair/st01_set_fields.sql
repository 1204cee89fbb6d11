-- control: ST01
-- action:  set_fields
-- grain:   exception_id, field
-- owner:   sales operations
-- says:    subscription id and status that an order should say, where one subscription is certain
-- example: ORD-00056 says Active, its only subscription is canceled: status from Active to Canceled
-- The subscription is the one that the order names, if it bills the order's lines, else the only one that does; several are a task.
with subscribed as ( -- subscriptions that bill the lines of each order's original lines
    select distinct b.contract_key, k.subscription_key
    from link.booked_line as b
    inner join link.contract_line as k on b.root_line_key = k.root_line_key
),

certain as ( -- the one subscription of each order in question
    select
        e.exception_id, c.instance, c.source_id, c.contract_number, c.source_version, c.claimed_subscription_id,
        c.claimed_billing_status,
        coalesce(
            min(s.subscription_key) filter (where split_part(s.subscription_key, ':', 2) = c.claimed_subscription_id),
            case when count(s.subscription_key) = 1 then min(s.subscription_key) end
        ) as subscription_key
    from recon.exception as e
    inner join canonical.contract as c on e.subject_key = c.contract_number
    inner join subscribed as s on c.instance || ':' || c.source_id = s.contract_key
    where e.control_id = 'ST01'
    group by
        e.exception_id, c.instance, c.source_id, c.contract_number, c.source_version, c.claimed_subscription_id,
        c.claimed_billing_status
),

right_value as ( -- what the order should say beside what it says
    select
        c.exception_id, c.instance, c.source_id, c.contract_number, c.source_version, c.claimed_subscription_id,
        c.claimed_billing_status,
        u.source_id as subscription_source_id,
        upper(substr(u.subscription_status, 1, 1)) || substr(u.subscription_status, 2) as billing_status
    from certain as c
    inner join canonical.subscription as u on c.subscription_key = u.instance || ':' || u.source_id
)

select
    exception_id,
    1 as step,
    instance,
    'contract' as table_name,
    source_id,
    contract_number as business_key,
    source_version,
    'claimed_subscription_id' as field_name,
    claimed_subscription_id as before_value,
    subscription_source_id as after_value
from right_value
where claimed_subscription_id is distinct from subscription_source_id
union all
select
    exception_id,
    1 as step,
    instance,
    'contract' as table_name,
    source_id,
    contract_number as business_key,
    source_version,
    'claimed_billing_status' as field_name,
    claimed_billing_status as before_value,
    billing_status as after_value
from right_value
where lower(coalesce(claimed_billing_status, 'pending')) <> lower(billing_status)
