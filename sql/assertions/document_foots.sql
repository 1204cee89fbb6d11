-- grain:    document_key
-- owner:    billing operations
-- says:     the lines of every counted document add up to its net, and net and tax to its total
-- severity: warning
with lined as ( -- net of each document's lines
    select document_key, sum(net_amount) as line_amount
    from link.invoice_line
    group by document_key
)

select i.instance || ':' || i.source_id as document_key, i.document_number, i.net_amount, l.line_amount, i.tax_amount, i.total_amount
from canonical.invoice as i
left join lined as l on i.instance || ':' || i.source_id = l.document_key
where
    i.document_status in ('open', 'paid', 'uncollectible', 'issued')
    and (i.net_amount <> coalesce(l.line_amount, 0) or i.net_amount + i.tax_amount <> i.total_amount)
