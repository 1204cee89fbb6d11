-- grain:    currency
-- params:   as_of
-- owner:    controllership
-- says:     the billed side of booked-billed holds the net of every counted document line once
-- severity: error
with billed as ( -- net of counted documents straight from the documents' lines
    select l.currency, l.net_amount as amount
    from canonical.invoice_line as l
    inner join canonical.invoice as i on l.instance = i.instance and l.invoice_source_id = i.source_id
    where i.document_status in ('open', 'paid', 'uncollectible', 'issued') and i.issued_date <= $as_of
    union all -- minus what the grid shows
    select currency, -right_amount as amount
    from grid.booked_billed
)

select currency, sum(amount) as missing_amount
from billed
where (select count(distinct role) from policy.instance where role in ('crm', 'billing')) = 2
group by currency
having sum(amount) <> 0
