-- grain:   billing document, contract line or transaction; currency, legal_entity_code, period
-- owner:   accounting
-- says:    what should move deferred revenue and what did: documents that defer, months that release, and whatever else was posted there
-- example: INV-7 defers 310.00 (-310.00 on both sides); January has 120.00 to release, 120.00 released: cells of 120.00 on both sides
-- A cell that mirrors one of another leg names it: a document not posted is one break, in the ledger of deferred revenue as well. A
-- release belongs to its contract line, as in posted-recognised; here its deferred line counts, there its revenue line.
with posting as ( -- lines on deferred revenue that no document of billed-posted stands for, with the contract line that they release
    select
        p.instance || ':' || p.transaction_source_id as transaction_key,
        coalesce(e.legal_entity_code, 'unknown') as legal_entity_code,
        coalesce(cast(date_trunc('month', t.start_date) as date), cast(date_trunc('month', p.posting_date) as date)) as period,
        p.currency,
        p.transaction_amount,
        (
            p.transaction_kind = 'revenue_release'
            or (p.transaction_kind = 'journal' and p.claimed_contract_line_key is not null)
        ) as is_release,
        coalesce(b.subject_key, p.claimed_contract_line_key, coalesce(e.legal_entity_code, 'unknown') || ' without contract line')
            as release_subject_key,
        coalesce(p.transaction_number, p.transaction_source_id) as transaction_number
    from canonical.posting as p
    inner join canonical.ledger_account as a on p.instance = a.instance and p.ledger_account_source_id = a.source_id
    left join canonical.legal_entity as e on p.instance = e.instance and p.subsidiary_source_id = e.source_id
    left join canonical.accounting_period as t on p.instance = t.instance and p.accounting_period_source_id = t.source_id
    left join (
        select line_subject_key, min(subject_key) as subject_key from link.booked_line group by line_subject_key
    ) as b on p.claimed_contract_line_key = b.line_subject_key
    where
        a.account_class = 'deferred_revenue'
        and p.is_posted and p.is_primary_book and not p.is_voided
        and p.transaction_kind not in ('invoice', 'credit_memo', 'summary')
        and (p.transaction_kind <> 'journal' or p.claimed_document_number is null)
),

side as ( -- both sides in one shape: documents as billed-posted has them ...
    select
        'document' as part, coalesce(document_key, unlinked_transaction_key) as record_key, legal_entity_code, period, currency,
        left_amount, right_amount, cell_id as mirrored_cell_id, is_in_flight, first_transaction_key as transaction_key
    from grid.billed_posted
    where account_class = 'deferred_revenue'
    union all -- ... what is due to be released (a debit) ...
    select
        'release' as part, subject_key as record_key, legal_entity_code, period, currency, left_amount,
        cast(0 as decimal(20, 4)) as right_amount, cell_id as mirrored_cell_id, is_in_flight, cast(null as varchar) as transaction_key
    from grid.posted_recognised
    union all -- ... what was taken out of deferred revenue for it, and everything else posted there
    select
        case when is_release then 'release' else 'transaction' end as part,
        case when is_release then release_subject_key else transaction_key end as record_key,
        legal_entity_code, period, currency, cast(0 as decimal(20, 4)) as left_amount, transaction_amount as right_amount,
        cast(null as varchar) as mirrored_cell_id, false as is_in_flight, transaction_key
    from posting
),

cell as ( -- one row a cell
    select
        part, record_key, legal_entity_code, period, currency,
        sum(left_amount) as left_amount,
        sum(right_amount) as right_amount,
        max(mirrored_cell_id) as mirrored_cell_id,
        bool_or(is_in_flight) as is_in_flight,
        min(transaction_key) as first_transaction_key,
        max(transaction_key) as last_transaction_key
    from side
    group by part, record_key, legal_entity_code, period, currency
)

select
    case when left_amount <> right_amount then sha256(
        'SL|deferred|' || part || '|' || record_key || '|' || cast(period as varchar) || '|' || currency || '|' || legal_entity_code
    ) end as cell_id,
    part,
    record_key,
    legal_entity_code,
    period,
    currency,
    cast(left_amount as decimal(20, 4)) as left_amount,
    cast(right_amount as decimal(20, 4)) as right_amount,
    cast(left_amount - right_amount as decimal(20, 4)) as difference_amount,
    left_amount <> right_amount and is_in_flight as is_in_flight,
    mirrored_cell_id,
    case when left_amount <> right_amount then first_transaction_key end as first_transaction_key,
    case when left_amount <> right_amount then last_transaction_key end as last_transaction_key
from cell
where
    (left_amount <> 0 or right_amount <> 0)
    and (select count(distinct role) from policy.instance where role in ('crm', 'billing', 'erp')) = 3
