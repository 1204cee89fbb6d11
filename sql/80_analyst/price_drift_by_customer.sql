-- grain:   account_number, currency
-- owner:   revenue operations
-- says:    what price and discount differences cost by customer; a positive amount was billed too low
-- example: AC-00012: 3 lines, 450.00 EUR billed too low
select
    a.account_number,
    a.account_name,
    e.currency,
    count(*) as contract_lines,
    sum(e.difference_amount) as difference_amount,
    min(e.first_period) as first_period
from recon.exception as e
inner join link.booked_line as b on e.subject_key = b.line_subject_key
inner join canonical.account as a on b.account_key = a.instance || ':' || a.source_id
where e.control_id in ('BB04', 'BB11')
group by a.account_number, a.account_name, e.currency
order by sum(abs(e.difference_amount)) desc, a.account_number asc, e.currency asc
