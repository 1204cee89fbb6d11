-- control: ST01
-- action:  set_fields
-- grain:   exception_id, field
-- owner:   sales operations
-- says:    subscription id and status, invoice status and payment status that an order should say, as billing has them
-- example: ORD-00056 says Active and Unpaid, its only subscription is canceled, its newest invoice paid: Canceled and Paid
-- The subscription is the one that the order names, if it bills the order's lines, else the only one that does; several are a task.
with stale as ( -- orders in question with what they say
    select
        e.exception_id, c.instance, c.source_id, c.contract_number, c.source_version, c.claimed_subscription_id,
        c.claimed_billing_status, c.claimed_invoice_status, c.claimed_payment_status, c.instance || ':' || c.source_id as contract_key
    from recon.exception as e
    inner join canonical.contract as c on e.subject_key = c.contract_number
    where e.control_id = 'ST01'
),

subscribed as ( -- subscriptions that bill the lines of each order's original lines
    select distinct b.contract_key, k.subscription_key
    from link.booked_line as b
    inner join link.contract_line as k on b.root_line_key = k.root_line_key
),

certain as ( -- the one subscription of each of these orders
    select
        t.contract_key,
        coalesce(
            min(s.subscription_key) filter (where split_part(s.subscription_key, ':', 2) = t.claimed_subscription_id),
            case when count(s.subscription_key) = 1 then min(s.subscription_key) end
        ) as subscription_key
    from stale as t
    inner join subscribed as s on t.contract_key = s.contract_key
    group by t.contract_key
),

wrong as ( -- every field that says something else than billing
    select t.contract_key, 'claimed_subscription_id' as field_name, t.claimed_subscription_id as before_value, u.source_id as after_value
    from stale as t
    inner join certain as c on t.contract_key = c.contract_key
    inner join canonical.subscription as u on c.subscription_key = u.instance || ':' || u.source_id
    where t.claimed_subscription_id is distinct from u.source_id
    union all
    select
        t.contract_key, 'claimed_billing_status' as field_name, t.claimed_billing_status as before_value,
        u.subscription_status as after_value
    from stale as t
    inner join certain as c on t.contract_key = c.contract_key
    inner join canonical.subscription as u on c.subscription_key = u.instance || ':' || u.source_id
    where lower(coalesce(t.claimed_billing_status, 'pending')) <> lower(u.subscription_status)
    union all
    select
        t.contract_key, 'claimed_invoice_status' as field_name, t.claimed_invoice_status as before_value,
        s.invoice_status as after_value
    from stale as t
    inner join link.contract_invoice_status as s on t.contract_key = s.contract_key
    where lower(t.claimed_invoice_status) <> s.invoice_status
    union all
    select
        t.contract_key, 'claimed_payment_status' as field_name, t.claimed_payment_status as before_value,
        s.payment_status as after_value
    from stale as t
    inner join link.contract_invoice_status as s on t.contract_key = s.contract_key
    where lower(t.claimed_payment_status) <> s.payment_status
)

select
    t.exception_id,
    1 as step,
    t.instance,
    'contract' as table_name,
    t.source_id,
    t.contract_number as business_key,
    t.source_version,
    w.field_name,
    w.before_value,
    case
        when w.field_name = 'claimed_subscription_id' then w.after_value
        else upper(substr(w.after_value, 1, 1)) || substr(w.after_value, 2)
    end as after_value
from stale as t
inner join wrong as w on t.contract_key = w.contract_key
