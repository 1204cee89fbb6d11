-- grain:    legal_entity_code, currency
-- params:   as_of
-- owner:    controllership
-- says:     the booked side of the grid holds every due amount of every counted contract line once
-- severity: error
with owed as ( -- due amounts straight from the schedules
    select b.legal_entity_code, b.currency, sum(p.net_amount) as amount
    from schedule.billing_period as p
    inner join link.booked_line as b on p.root_line_key = b.contract_line_key
    where p.due_date <= $as_of
    group by b.legal_entity_code, b.currency
    union all
    select b.legal_entity_code, b.currency, sum(p.net_amount) as amount
    from schedule.usage_period as p
    inner join link.booked_line as b on p.root_line_key = b.contract_line_key
    where p.due_date <= $as_of
    group by b.legal_entity_code, b.currency
    union all -- minus what the grid shows
    select legal_entity_code, currency, -sum(left_amount) as amount
    from grid.booked_billed
    group by legal_entity_code, currency
)

select legal_entity_code, currency, sum(amount) as missing_amount
from owed
where (select count(distinct role) from policy.instance where role in ('crm', 'billing')) = 2
group by legal_entity_code, currency
having sum(amount) <> 0
