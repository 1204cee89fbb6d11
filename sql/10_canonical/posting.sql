-- grain:  instance, source_id
-- params: as_of
-- owner:  accounting
-- says:   one journal line as the ledger holds it: its newest version known on the day, unless the source has deleted it; of
--         several books that say they are primary only one is; journals that the policy calls summaries are of that kind
-- No table reads a line's number, book, tax mark, reference and memo: these stay in mapped.posting, for of no record there are more rows.
with repeated as ( -- records that were delivered in several versions up to the day: only they need ranking
    select instance, source_id
    from mapped.posting
    where as_of <= $as_of
    group by instance, source_id
    having count(*) > 1
),

version as ( -- their versions, the newest ranked first
    select
        v.instance, v.source_id, v.source_version, v.batch_id, v.as_of, v.is_deleted, v.transaction_source_id,
        v.transaction_number, v.subsidiary_source_id,
        case when s.instance is null then v.transaction_kind else 'summary' end as transaction_kind,
        v.is_primary_book and v.book_source_id = k.book_source_id as is_primary_book,
        v.ledger_account_source_id, v.accounting_period_source_id, v.account_source_id,
        v.posting_date, v.created_at, v.currency, v.transaction_amount, v.functional_amount, v.exchange_rate,
        v.is_posted, v.is_voided, v.claimed_document_number, v.claimed_document_id, v.claimed_contract_line_key,
        row_number() over (
            partition by v.instance, v.source_id order by v.source_version desc, v.as_of desc, v.batch_id desc
        ) as version_rank
    from mapped.posting as v
    inner join repeated as r on v.instance = r.instance and v.source_id = r.source_id
    left join canonical.primary_book as k on v.instance = k.instance
    left join policy.summary_convention as s
        on v.instance = s.instance and v.transaction_kind = 'journal' and starts_with(v.transaction_number, s.number_prefix)
    where v.as_of <= $as_of
)

select
    instance, source_id, source_version, batch_id, as_of, transaction_source_id, transaction_number,
    transaction_kind, subsidiary_source_id, is_primary_book, ledger_account_source_id,
    accounting_period_source_id, account_source_id, posting_date, created_at, currency, transaction_amount, functional_amount,
    exchange_rate, is_posted, is_voided, claimed_document_number, claimed_document_id,
    claimed_contract_line_key
from version
where version_rank = 1 and not is_deleted
union all -- and records with one version
select
    m.instance, m.source_id, m.source_version, m.batch_id, m.as_of, m.transaction_source_id, m.transaction_number,
    case when s.instance is null then m.transaction_kind else 'summary' end as transaction_kind,
    m.subsidiary_source_id,
    m.is_primary_book and m.book_source_id = k.book_source_id as is_primary_book,
    m.ledger_account_source_id, m.accounting_period_source_id, m.account_source_id, m.posting_date, m.created_at, m.currency,
    m.transaction_amount, m.functional_amount, m.exchange_rate, m.is_posted, m.is_voided,
    m.claimed_document_number, m.claimed_document_id, m.claimed_contract_line_key
from mapped.posting as m
left join canonical.primary_book as k on m.instance = k.instance
left join policy.summary_convention as s
    on m.instance = s.instance and m.transaction_kind = 'journal' and starts_with(m.transaction_number, s.number_prefix)
left join repeated as r on m.instance = r.instance and m.source_id = r.source_id
where m.as_of <= $as_of and not m.is_deleted and r.source_id is null
