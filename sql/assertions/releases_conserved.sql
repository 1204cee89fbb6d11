-- grain:    currency
-- owner:    controllership
-- says:     the recognised side of posted-recognised holds every posted release to revenue once
-- severity: error
with released as ( -- releases straight from the ledger
    select p.currency, -p.transaction_amount as amount
    from canonical.posting as p
    inner join canonical.ledger_account as a on p.instance = a.instance and p.ledger_account_source_id = a.source_id
    where
        a.account_class = 'revenue'
        and p.is_posted and p.is_primary_book and not p.is_voided
        and (
            p.transaction_kind = 'revenue_release'
            or (p.transaction_kind = 'journal' and p.claimed_contract_line_key is not null and p.claimed_document_number is null)
        )
    union all -- minus what the grid shows
    select currency, -right_amount as amount
    from grid.posted_recognised
)

select currency, sum(amount) as missing_amount
from released
where (select count(distinct role) from policy.instance where role in ('billing', 'erp')) = 2
group by currency
having sum(amount) <> 0
