-- grain:    contract_line_key
-- owner:    revenue operations
-- says:     every counted recurring or one-time line has a schedule: its currency is known and its dates are in order
-- severity: warning
select b.contract_line_key, b.line_subject_key, b.currency, b.start_date, b.end_date
from link.booked_line as b
left join (select distinct contract_line_key from schedule.billing_period) as p on b.contract_line_key = p.contract_line_key
where b.is_counted and b.charge_type <> 'usage' and p.contract_line_key is null
