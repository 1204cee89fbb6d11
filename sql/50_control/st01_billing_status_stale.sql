-- control:  ST01
-- priority: 50
-- severity: low
-- grain:    contract
-- params:   as_of, booking_grace_days
-- owner:    sales operations
-- queue:    revenue_operations
-- says:     subscription id, or status of subscription, invoice or payment, was not written back to the order, or is stale
-- example:  ORD-00056 says Active, its subscription is canceled
-- repair:   upsert on Salesforce
with subscribed as ( -- subscriptions that bill the original lines of each order's lines
    select
        b.contract_key,
        k.subscription_key,
        u.subscription_status
    from link.booked_line as b
    inner join link.contract_line as k on b.root_line_key = k.root_line_key
    inner join canonical.subscription as u on k.subscription_key = u.instance || ':' || u.source_id
    group by b.contract_key, k.subscription_key, u.subscription_status
),

expected as ( -- what each activated order past its grace should say, by its own claim and by its lines
    select
        c.instance,
        c.source_id,
        c.contract_number,
        c.legal_entity_code,
        c.claimed_subscription_id,
        c.claimed_billing_status,
        count(s.subscription_key) as subscriptions,
        min(s.subscription_status) filter (where split_part(s.subscription_key, ':', 2) = c.claimed_subscription_id) as claimed_state,
        min(split_part(s.subscription_key, ':', 2)) as first_subscription_id,
        min(s.subscription_status) as first_state,
        min(s.subscription_key) as first_subscription_key,
        max(c.claimed_invoice_status) filter (where lower(c.claimed_invoice_status) <> i.invoice_status) as stale_invoice_status,
        max(c.claimed_payment_status) filter (where lower(c.claimed_payment_status) <> i.payment_status) as stale_payment_status,
        max(i.invoice_status) as invoice_status,
        max(i.payment_status) as payment_status
    from canonical.contract as c
    left join policy.grace as g on c.instance = g.instance and c.legal_entity_code = g.legal_entity_code
    left join link.contract_invoice_status as i
        on
            c.instance || ':' || c.source_id = i.contract_key
            and i.changed_on <= $as_of - cast(coalesce(g.booking_days, $booking_grace_days) as integer)
    left join subscribed as s on c.instance || ':' || c.source_id = s.contract_key
    where
        c.contract_status = 'activated'
        and coalesce(cast(c.activated_at as date), c.start_date)
        <= $as_of - cast(coalesce(g.booking_days, $booking_grace_days) as integer)
    group by c.instance, c.source_id, c.contract_number, c.legal_entity_code, c.claimed_subscription_id, c.claimed_billing_status
),

judged as ( -- what is wrong with it, if anything
    select
        instance, source_id, contract_number, legal_entity_code, first_subscription_key,
        case
            when subscriptions > 0 and claimed_subscription_id is null
                then 'order names no subscription, its lines are billed by ' || first_subscription_id
            when subscriptions > 0 and claimed_state is null
                then 'order names ' || claimed_subscription_id || ', its lines are billed by ' || first_subscription_id
            when subscriptions > 0 and lower(coalesce(claimed_billing_status, 'pending')) <> claimed_state
                then 'order says ' || coalesce(claimed_billing_status, 'nothing') || ', its subscription is ' || claimed_state
            when subscriptions = 0 and lower(coalesce(claimed_billing_status, 'pending')) <> 'pending'
                then 'order says ' || claimed_billing_status || ', no subscription bills its lines'
            when stale_invoice_status is not null
                then 'order says that its newest invoice is ' || stale_invoice_status || ', it is ' || invoice_status
            when stale_payment_status is not null
                then 'order says that its invoices are ' || stale_payment_status || ', they are ' || payment_status
        end as reason,
        'the order names ' || coalesce(first_subscription_id, 'no subscription') || ' with status '
        || coalesce(claimed_state, first_state, 'pending')
        || coalesce(', invoice ' || case when stale_invoice_status is not null then invoice_status end, '')
        || coalesce(', payment ' || case when stale_payment_status is not null then payment_status end, '') as wanted,
        'it names ' || coalesce(claimed_subscription_id, 'no subscription') || ' with status '
        || lower(coalesce(claimed_billing_status, 'pending'))
        || coalesce(', invoice ' || lower(stale_invoice_status), '')
        || coalesce(', payment ' || lower(stale_payment_status), '') as found
    from expected
),

unreadable as ( -- records in quarantine that name an order whose lines nothing bills: one of its lines, which billing may know
    select
        e.instance, e.source_id,
        min('reject|' || q.instance || '|' || q.object_name || '|' || q.source_id) as reject_cell_id
    from expected as e
    inner join landing.reject as j on e.instance = j.instance and contains(j.record, e.source_id)
    inner join canonical.open_reject as q on j.batch_id = q.batch_id and j.row_number = q.row_number
    where e.subscriptions = 0
    group by e.instance, e.source_id
)

select
    u.reject_cell_id as cell_id,
    contract_number as subject_key,
    'ST' as leg,
    legal_entity_code,
    cast(null as varchar) as currency,
    cast(null as date) as period,
    cast(0 as decimal(20, 4)) as difference_amount,
    reason,
    '['
    || concat_ws(
        ',',
        '{"instance":"' || judged.instance || '","table":"contract","source_id":"' || judged.source_id || '"}',
        '{"instance":"' || split_part(first_subscription_key, ':', 1) || '","table":"subscription","source_id":"'
        || split_part(first_subscription_key, ':', 2) || '"}'
    )
    || ']' as evidence,
    wanted as expected_text,
    found as found_text
from judged
left join unreadable as u on judged.instance = u.instance and judged.source_id = u.source_id
where reason is not null and (select count(distinct role) from policy.instance where role in ('crm', 'billing')) = 2
