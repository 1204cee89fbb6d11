-- grain:    currency
-- params:   as_of
-- owner:    controllership
-- says:     the billed side of billed-posted holds the total of every counted document once, as receivable
-- severity: error
with billed as ( -- totals of counted documents
    select currency, total_amount as amount
    from canonical.invoice
    where document_status in ('open', 'paid', 'uncollectible', 'issued') and issued_date <= $as_of
    union all -- minus what the grid shows
    select currency, -left_amount as amount
    from grid.billed_posted
    where account_class = 'receivable'
)

select currency, sum(amount) as missing_amount
from billed
where (select count(distinct role) from policy.instance where role in ('billing', 'erp')) = 2
group by currency
having sum(amount) <> 0
