-- grain: transaction_key
-- owner: accounting
-- says:  which billing document each ERP transaction posts: by the number written on it, else by the document's id
-- example: a CustInvc with reference INV-US-000123 belongs to that invoice, whatever its own number
-- Releases that quote nothing are left out.
-- A number that several live documents bear decides nothing: then the id does, and without it all of them are named as candidates.
with poster as ( -- transactions with what they claim to post
    select
        instance || ':' || transaction_source_id as transaction_key,
        min(transaction_kind) as transaction_kind,
        min(transaction_number) as transaction_number,
        min(claimed_document_number) as claimed_document_number,
        min(claimed_document_id) as claimed_document_id
    from canonical.posting
    where
        is_posted and is_primary_book and not is_voided
        and (transaction_kind <> 'revenue_release' or coalesce(claimed_document_number, claimed_document_id) is not null)
    group by instance, transaction_source_id
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

identified as ( -- one document an id, whatever the instance
    select
        source_id,
        min(document_key) as document_key,
        min(document_number) as document_number,
        min(document_state) as document_state
    from known
    group by source_id
    having count(*) = 1
),

ranked as ( -- one document a number: a live one wins over a void or deleted one; several live ones are candidates, none of them taken
    select
        document_key,
        document_number,
        document_state,
        row_number() over (
            partition by document_number order by document_state = 'live' desc, document_key asc
        ) as number_rank,
        count(case when document_state = 'live' then 1 end) over (partition by document_number) as live_documents
    from known
    where document_number is not null
),

shared as ( -- numbers that several live documents bear
    select
        document_number,
        string_agg(document_key, ', ' order by document_key) as candidates
    from ranked
    where live_documents > 1 and document_state = 'live'
    group by document_number
),

linked as ( -- transactions with the document that they post
    select
        t.transaction_key,
        t.transaction_kind,
        t.transaction_number,
        t.claimed_document_number,
        t.claimed_document_id,
        coalesce(n.document_key, i.document_key) as document_key,
        case when n.document_key is not null then n.document_number else i.document_number end as document_number,
        coalesce(n.document_state, i.document_state, 'unknown') as document_state,
        case
            when n.document_key is not null then 'document_number' when i.document_key is not null then 'external_id' else 'none'
        end as method,
        case when i.document_key is null then s.candidates end as candidates
    from poster as t
    left join ranked as n on t.claimed_document_number = n.document_number and n.number_rank = 1 and n.live_documents <= 1
    left join shared as s on t.claimed_document_number = s.document_number
    left join identified as i on t.claimed_document_id = i.source_id
),

quoted as ( -- transactions that quote the same unknown number stand together: a reversal takes back what it names
    select claimed_document_number, min(transaction_key) as unlinked_key
    from linked
    where document_key is null and claimed_document_number is not null
    group by claimed_document_number
)

select
    t.transaction_key,
    t.transaction_kind,
    t.transaction_number,
    t.claimed_document_number,
    t.claimed_document_id,
    t.document_key,
    case
        when t.document_key is null and t.transaction_kind not in ('payment', 'refund') then coalesce(q.unlinked_key, t.transaction_key)
    end as unlinked_key,
    t.document_number,
    t.document_state,
    t.method,
    t.candidates
from linked as t
left join quoted as q on t.document_key is null and t.claimed_document_number = q.claimed_document_number
