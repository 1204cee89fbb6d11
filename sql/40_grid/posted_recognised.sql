-- grain:   root contract line (or what the ledger carries instead), period, currency, legal_entity_code
-- params:  posting_grace_days
-- owner:   accounting
-- says:    for every contract line and accounting period, what deferred revenue had to be released and what was
-- example: 310.00 deferred from 20 January to 19 February: 120.00 due for January, released 0.00 -> difference 120.00
-- The grain that is used is contract_line where the release names one (known or not); entity where it names none: then all lines without a
-- contract of that entity, currency and period stand in one cell, on both sides. What documents post to revenue at once is billed-posted.
with contract as ( -- contract lines by the key that ledgers write down
    select
        line_subject_key,
        min(root_line_key) as root_line_key
    from link.booked_line
    group by line_subject_key
),

side as ( -- both sides in one shape: what is due to be released ...
    select
        p.root_line_key,
        q.claimed_contract_line_key, -- of a contract in quarantine nothing is known but what billing calls it
        p.period,
        p.currency,
        p.legal_entity_code,
        p.net_amount as left_amount,
        cast(0 as decimal(20, 4)) as right_amount,
        p.document_key,
        cast(null as varchar) as transaction_key
    from schedule.release_period as p
    left join link.quarantined_line as q on p.invoice_line_key = q.invoice_line_key
    union all -- ... and what releases, or journals that name a contract line, post to revenue (a credit, so with its sign turned)
    select
        c.root_line_key,
        case when c.root_line_key is null then p.claimed_contract_line_key end as claimed_contract_line_key,
        coalesce(cast(date_trunc('month', t.start_date) as date), cast(date_trunc('month', p.posting_date) as date)) as period,
        p.currency,
        coalesce(e.legal_entity_code, 'unknown') as legal_entity_code,
        cast(0 as decimal(20, 4)) as left_amount,
        -p.transaction_amount as right_amount,
        cast(null as varchar) as document_key,
        p.instance || ':' || p.transaction_source_id as transaction_key
    from canonical.posting as p
    inner join canonical.ledger_account as a on p.instance = a.instance and p.ledger_account_source_id = a.source_id
    left join canonical.legal_entity as e on p.instance = e.instance and p.subsidiary_source_id = e.source_id
    left join canonical.accounting_period as t on p.instance = t.instance and p.accounting_period_source_id = t.source_id
    left join contract as c on p.claimed_contract_line_key = c.line_subject_key
    where
        a.account_class = 'revenue'
        and p.is_posted and p.is_primary_book and not p.is_voided
        and (
            p.transaction_kind = 'revenue_release'
            or (p.transaction_kind = 'journal' and p.claimed_contract_line_key is not null and p.claimed_document_number is null)
        )
),

cell as ( -- one row a cell
    select
        root_line_key,
        claimed_contract_line_key,
        period,
        currency,
        legal_entity_code,
        sum(left_amount) as left_amount,
        sum(right_amount) as right_amount,
        min(document_key) as first_document_key,
        max(document_key) as last_document_key,
        min(transaction_key) as first_transaction_key,
        max(transaction_key) as last_transaction_key
    from side
    group by root_line_key, claimed_contract_line_key, period, currency, legal_entity_code
)

select
    case when c.left_amount <> c.right_amount then sha256(
        'RR|' || coalesce(c.root_line_key, c.claimed_contract_line_key, '') || '|' || cast(c.period as varchar)
        || '|' || c.currency || '|' || c.legal_entity_code
    ) end as cell_id,
    coalesce(b.subject_key, c.claimed_contract_line_key, c.legal_entity_code || ' without contract line') as subject_key,
    case when coalesce(c.root_line_key, c.claimed_contract_line_key) is null then 'entity' else 'contract_line' end as grain_used,
    c.root_line_key as contract_line_key,
    c.period,
    c.currency,
    c.legal_entity_code,
    cast(c.left_amount as decimal(20, 4)) as left_amount,
    cast(c.right_amount as decimal(20, 4)) as right_amount,
    cast(c.left_amount - c.right_amount as decimal(20, 4)) as difference_amount,
    -- a month's releases may follow its end by the grace of postings, all of them; nor is a month judged that billing was not read to
    -- the end of
    (
        c.left_amount <> c.right_amount and (
            (
                r.period is null
                and c.period + interval '1' month > w.erp_date - cast(coalesce(g.posting_days, $posting_grace_days) as integer) + 1
            )
            or c.period + interval '1' month > w.billing_date + 1
        )
    ) as is_in_flight,
    case when c.left_amount <> c.right_amount then c.first_document_key end as first_document_key,
    case when c.left_amount <> c.right_amount then c.last_document_key end as last_document_key,
    case when c.left_amount <> c.right_amount then c.first_transaction_key end as first_transaction_key,
    case when c.left_amount <> c.right_amount then c.last_transaction_key end as last_transaction_key
from cell as c
left join link.booked_line as b on c.root_line_key = b.contract_line_key
left join grid.released_period as r on c.legal_entity_code = r.legal_entity_code and c.period = r.period
left join policy.grace as g on g.instance is null and c.legal_entity_code = g.legal_entity_code
cross join canonical.reading_cutoff as w
where (select count(distinct role) from policy.instance where role in ('crm', 'billing', 'erp')) = 3
