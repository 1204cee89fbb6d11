-- grain:   control_id, subject_key, currency
-- owner:   controllership
-- says:    what the left side demands in the cells of each break, the amount that a percentage is taken of
-- example: price drift in two months of 1,000.00 each: 2,000.00, so that one percent is 20.00
-- Of billed-posted the receivable counts, which the other classes only divide; a break without a cell demands nothing.
select
    w.control_id,
    w.subject_key,
    w.currency,
    cast(sum(c.left_amount) as decimal(20, 4)) as expected_amount
from recon.claim as w
inner join recon.cell_cause as c on w.cell_id = c.cell_id
where w.is_winner and (c.leg <> 'BP' or c.measure = 'receivable')
group by w.control_id, w.subject_key, w.currency
