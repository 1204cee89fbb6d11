-- grain: transaction_key
-- owner: accounting
-- says:  which billing document each ERP transaction posts: by the number written on it, else by the document's id
-- example: a CustInvc with reference INV-US-000123 belongs to that invoice, whatever its own number
with poster as ( -- transactions with what they claim to post
    select
        transaction_key,
        min(transaction_kind) as transaction_kind,
        min(transaction_number) as transaction_number,
        min(claimed_document_number) as claimed_document_number,
        min(claimed_document_id) as claimed_document_id
    from link.transaction_class
    group by transaction_key
),

known as ( -- billing documents, deleted ones too
    select
        instance || ':' || source_id as document_key,
        source_id,
        document_number,
        case when document_status = 'void' then 'void' when document_status = 'draft' then 'draft' else 'live' end as document_state
    from canonical.invoice
    union all
    select
        instance || ':' || source_id as document_key,
        source_id,
        document_number,
        'deleted' as document_state
    from canonical.gone_invoice
),

numbered as ( -- one document a number; a live one wins over a void or deleted one
    select
        document_number,
        coalesce(min(document_key) filter (where document_state = 'live'), min(document_key)) as document_key
    from known
    where document_number is not null
    group by document_number
),

identified as ( -- one document an id
    select
        source_id,
        min(document_key) as document_key
    from known
    group by source_id
)

select
    t.transaction_key,
    t.transaction_kind,
    t.transaction_number,
    t.claimed_document_number,
    t.claimed_document_id,
    k.document_key,
    k.document_number,
    coalesce(k.document_state, 'unknown') as document_state,
    case
        when n.document_key is not null then 'document_number' when i.document_key is not null then 'external_id' else 'none'
    end as method,
    'reference ' || coalesce(t.claimed_document_number, 'none') || ', external id ' || coalesce(t.claimed_document_id, 'none') as evidence
from poster as t
left join numbered as n on t.claimed_document_number = n.document_number
left join identified as i on t.claimed_document_id = i.source_id
left join known as k on coalesce(n.document_key, i.document_key) = k.document_key
