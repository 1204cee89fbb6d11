-- grain:   document_key, root contract line
-- owner:   accounting
-- says:    documents whose deferral is right in all, but stands in the ledger on other contract lines than the documents bill
-- example: INV-7 defers 310.00 for ORD-00001/1, its posting names ORD-00002/1: the one lacks 310.00, the other has 310.00 too much
-- Only documents that one transaction posts and whose posting names contract lines: where the ledger does not carry them, nothing is said.
with contract as ( -- contract lines by the key that ledgers write down
    select line_subject_key, min(root_line_key) as root_line_key
    from link.booked_line
    group by line_subject_key
),

document as ( -- documents of which any posting names a contract line, with the transactions that post them
    select distinct d.document_key, d.transaction_key
    from link.document as d
    where
        d.document_state = 'live'
        and d.document_key in (
            select n.document_key
            from canonical.posting as p
            inner join link.document as n on p.instance || ':' || p.transaction_source_id = n.transaction_key
            where p.claimed_contract_line_key is not null and p.transaction_kind in ('invoice', 'credit_memo')
        )
),

posted as ( -- what these transactions put off, line by line
    select
        d.document_key, d.transaction_key, k.root_line_key, coalesce(p.claimed_contract_line_key, 'no contract line') as claimed_key,
        -p.transaction_amount as posted_amount
    from canonical.posting as p
    inner join canonical.ledger_account as a on p.instance = a.instance and p.ledger_account_source_id = a.source_id
    inner join document as d on p.instance || ':' || p.transaction_source_id = d.transaction_key
    left join contract as k on p.claimed_contract_line_key = k.line_subject_key
    where
        a.account_class = 'deferred_revenue' and p.is_posted and p.is_primary_book and not p.is_voided
        and p.transaction_kind in ('invoice', 'credit_memo')
),

side as ( -- documents' own lines against them
    select
        document_key, root_line_key, net_amount as left_amount, cast(0 as decimal(20, 4)) as right_amount,
        cast(null as varchar) as transaction_key, cast(null as varchar) as claimed_key
    from schedule.deferred_line
    where document_key in (select document_key from document)
    union all
    select
        document_key, root_line_key, cast(0 as decimal(20, 4)) as left_amount, posted_amount as right_amount, transaction_key, claimed_key
    from posted
),

line as ( -- one row a document and contract line, with the document as a whole
    select
        document_key, root_line_key,
        sum(left_amount) as left_amount,
        sum(right_amount) as right_amount,
        sum(sum(left_amount)) over (partition by document_key) as document_left,
        sum(sum(right_amount)) over (partition by document_key) as document_right,
        min(min(transaction_key)) over (partition by document_key) as transaction_key,
        max(max(transaction_key)) over (partition by document_key) as last_transaction_key,
        count(case when sum(right_amount) <> 0 then root_line_key end) over (partition by document_key) as named_lines,
        max(max(claimed_key)) over (partition by document_key) as claimed_key
    from side
    group by document_key, root_line_key
)

select
    l.document_key,
    l.root_line_key,
    i.document_number,
    b.subject_key,
    l.claimed_key,
    i.currency,
    coalesce(i.legal_entity_code, b.legal_entity_code, 'unknown') as legal_entity_code,
    cast(date_trunc('month', i.issued_date) as date) as period,
    cast(l.left_amount as decimal(20, 4)) as left_amount,
    cast(l.right_amount as decimal(20, 4)) as right_amount,
    cast(l.left_amount - l.right_amount as decimal(20, 4)) as difference_amount,
    l.transaction_key
from line as l
inner join canonical.invoice as i on l.document_key = i.instance || ':' || i.source_id
inner join link.booked_line as b on l.root_line_key = b.contract_line_key
where
    l.left_amount <> l.right_amount
    and l.document_left = l.document_right
    and l.named_lines > 0
    and l.transaction_key = l.last_transaction_key
