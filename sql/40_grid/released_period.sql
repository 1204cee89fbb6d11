-- grain:   legal_entity_code, period
-- owner:   accounting
-- says:    months of a company for which the ledger released any revenue, and by how many lines
-- example: US has 34 lines of releases in May 2026: what May still lacks is late, not in flight
select
    coalesce(e.legal_entity_code, 'unknown') as legal_entity_code,
    coalesce(cast(date_trunc('month', t.start_date) as date), cast(date_trunc('month', p.posting_date) as date)) as period,
    count(*) as release_lines
from canonical.posting as p
inner join canonical.ledger_account as a on p.instance = a.instance and p.ledger_account_source_id = a.source_id
left join canonical.legal_entity as e on p.instance = e.instance and p.subsidiary_source_id = e.source_id
left join canonical.accounting_period as t on p.instance = t.instance and p.accounting_period_source_id = t.source_id
where
    a.account_class = 'revenue'
    and p.is_posted and p.is_primary_book and not p.is_voided
    and (
        p.transaction_kind = 'revenue_release'
        or (p.transaction_kind = 'journal' and p.claimed_contract_line_key is not null and p.claimed_document_number is null)
    )
group by
    coalesce(e.legal_entity_code, 'unknown'),
    coalesce(cast(date_trunc('month', t.start_date) as date), cast(date_trunc('month', p.posting_date) as date))
