-- grain:    link, linked_key
-- owner:    revenue operations
-- says:     every record is linked at most once: no amount can be counted for two subjects
-- severity: error
with linked as ( -- keys of every link table
    select 'contract_line' as link, subscription_line_key as linked_key from link.contract_line
    union all
    select 'account' as link, other_account_key as linked_key from link.account
    union all
    select 'invoice_line' as link, invoice_line_key as linked_key from link.invoice_line
    union all
    select 'document' as link, transaction_key as linked_key from link.document
    union all
    select 'summary_document' as link, document_key as linked_key from link.summary_document
    union all
    select 'booked_line' as link, contract_line_key as linked_key from link.booked_line
)

select link, linked_key, count(*) as times
from linked
group by link, linked_key
having count(*) > 1
