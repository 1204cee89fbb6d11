-- control:  RR04
-- priority: 45
-- severity: medium
-- grain:    contract
-- owner:    accounting
-- queue:    finance_operations
-- says:     allocation of the price over performance obligations is missing, or stale after a modification
-- repair:   re-allocate
-- example:  stand-alone 50, 25 and 75 in a contract of 100.00: the lines should have 33.33, 16.67 and 50.00, they have 40.00, 10.00, 50.00
-- Judged where the policy lists all products of a contract and its CRM writes allocations down at all; contracts with impossible
-- terms are DQ06, DQ07 and DQ08. An amending order is judged by itself: its lines have what it adds or takes away. Worth what lines
-- lack; where none lacks anything, what they have too much, negative.
with keeping as ( -- CRM instances that write allocations down
    select distinct instance from canonical.contract_line where allocated_price is not null
),

impossible as ( -- contracts with terms that nothing can be computed from
    select split_part(subject_key, '/', 1) as contract_number from control.dq06_line_cannot_be_billed
    union
    select split_part(subject_key, '/', 1) as contract_number from control.dq07_ramp_overlaps
    union
    select split_part(subject_key, '/', 1) as contract_number from control.dq08_amends_unknown
),

line as ( -- lines with what they should and do have
    select
        a.contract_key, b.line_subject_key, b.currency, b.legal_entity_code, b.activated_date, a.allocated_amount as expected_amount,
        l.allocated_price as stated_amount,
        l.instance, l.source_id
    from schedule.allocation as a
    inner join link.booked_line as b on a.contract_line_key = b.contract_line_key
    inner join canonical.contract_line as l on a.contract_line_key = l.instance || ':' || l.source_id
    inner join keeping as k on l.instance = k.instance
    where b.is_counted
),

contract as ( -- contracts of which any line departs
    select
        split_part(min(line_subject_key), '/', 1) as contract_number,
        currency,
        legal_entity_code,
        min(activated_date) as activated_date,
        coalesce(sum(expected_amount - coalesce(stated_amount, 0)) filter (
            where expected_amount > coalesce(stated_amount, 0)
        ), 0) as lacking_amount,
        sum(expected_amount - coalesce(stated_amount, 0)) as net_amount,
        count(case when stated_amount is null then 1 end) as missing_lines,
        string_agg(
            line_subject_key || ' ' || cast(expected_amount as varchar) || ' (has ' || coalesce(cast(stated_amount as varchar), 'none')
            || ')', ', '
            order by line_subject_key
        ) filter (where stated_amount is distinct from expected_amount) as lines_text,
        string_agg(line_subject_key || ' ' || cast(expected_amount as varchar) || ' ' || currency, ', ' order by line_subject_key)
            as expected_text,
        string_agg(
            line_subject_key || ' ' || coalesce(cast(stated_amount as varchar) || ' ' || currency, 'none'), ', '
            order by line_subject_key
        ) as found_text,
        string_agg(
            '{"instance":"' || instance || '","table":"contract_line","source_id":"' || source_id || '"}', ','
            order by line_subject_key
        ) as evidence
    from line
    group by contract_key, currency, legal_entity_code
    having bool_or(stated_amount is distinct from expected_amount)
)

select
    cast(null as varchar) as cell_id,
    c.contract_number as subject_key,
    'RR' as leg,
    c.legal_entity_code,
    c.currency,
    cast(date_trunc('month', c.activated_date) as date) as period,
    cast(case when c.lacking_amount > 0 then c.lacking_amount else c.net_amount end as decimal(20, 4)) as difference_amount,
    'the price of ' || c.contract_number || ' by stand-alone prices: ' || c.lines_text
    || case when c.missing_lines > 0 then '; an allocation is missing' else '; the allocation is stale' end as reason,
    '[' || c.evidence || ']' as evidence,
    'allocated by stand-alone prices: ' || c.expected_text as expected_text,
    'allocated are: ' || c.found_text as found_text
from contract as c
left join impossible as x on c.contract_number = x.contract_number
where
    x.contract_number is null
    and (select count(distinct role) from policy.instance where role in ('crm', 'billing', 'erp')) = 3
