-- control:  BB13
-- priority: 35
-- severity: medium
-- grain:    cell_id
-- owner:    revenue operations
-- queue:    revenue_operations
-- says:     discount was kept after it expired, or ended early
-- example:  10 % until 31 March: April owes 1,000.00, billed 900.00 as if it still applied
-- repair:   amend
-- Only lines whose discount has a first or last day inside the line's term; a discount that was never agreed, or that holds for the
-- whole term, is price drift (BB04). Exact up to a minor unit: without the discount the line owes l x undiscounted / share.
with limited as ( -- what lines with a limited discount owe in a period, and which share of it the discount could make
    select
        b.root_line_key, b.line_subject_key, b.discount_start_date, b.discount_end_date, p.service_start_date,
        cast(s.net_amount as decimal(20, 4)) as net_amount,
        cast(p.share_numerator as decimal(17, 0)) as share,
        cast(p.undiscounted_numerator as decimal(17, 0)) as undiscounted,
        cast(p.discounted_numerator as decimal(17, 0)) as discounted
    from link.booked_line as b
    inner join schedule.billing_period as s on b.contract_line_key = s.contract_line_key
    inner join schedule.service_period as p
        on b.contract_line_key = p.contract_line_key and s.service_start_date = p.service_start_date
    where
        b.is_counted
        and (coalesce(b.discount_start_date > b.start_date, false) or coalesce(b.discount_end_date < b.end_date, false))
),

judged as ( -- their differing cells: how far billed is from owed, in parts of the share
    select
        k.cell_id, k.subject_key, k.legal_entity_code, k.currency, k.period, k.difference_amount, k.left_text, k.right_text,
        k.service_start_date, k.evidence, l.line_subject_key, l.discount_start_date, l.discount_end_date,
        -k.difference_amount * l.share as excess,
        l.net_amount * (l.undiscounted - l.share) as ended_excess,
        l.net_amount * (l.discounted - l.share) as kept_excess,
        u.minor_unit * l.share as slack,
        l.share = 0 and k.difference_amount < 0 as is_free_period_billed
    from grid.booked_billed_break as k
    inner join limited as l on k.contract_line_key = l.root_line_key and k.service_start_date = l.service_start_date
    inner join canonical.currency_unit as u on k.currency = u.currency
    where k.is_home and not k.is_nothing_billed and not k.is_ended
)

select
    cell_id,
    subject_key,
    'BB' as leg,
    legal_entity_code,
    currency,
    period,
    difference_amount,
    'discount of ' || line_subject_key || ' holds'
    || coalesce(' from ' || cast(discount_start_date as varchar), '') || coalesce(' until ' || cast(discount_end_date as varchar), '')
    || ': contract says ' || left_text || ', billed ' || right_text || ' for the period from ' || cast(service_start_date as varchar)
    || case when difference_amount > 0 then ' as if it still held' else ' as if it had ended' end as reason,
    evidence
from judged
where
    is_free_period_billed
    or (ended_excess <> 0 and abs(excess - ended_excess) <= slack)
    or (kept_excess <> 0 and abs(excess - kept_excess) <= slack)
