-- control:  ST02
-- priority: 50
-- severity: medium
-- grain:    invoice
-- owner:    billing operations
-- queue:    revenue_operations
-- says:     invoice status contradicts its open balance or its payments
-- example:  INV-US-000123 is paid, yet 40.00 USD of it are open
-- repair:   refresh
-- needs:    billing
with applied as ( -- money that settled each invoice
    select
        instance, invoice_source_id,
        cast(sum(payment_amount) as decimal(20, 4)) as applied_amount
    from canonical.payment_application
    where payment_status = 'succeeded'
    group by instance, invoice_source_id
),

stated as ( -- what each final invoice says of itself, and what its payments say
    select
        i.instance, i.source_id, i.document_number, i.legal_entity_code, i.document_status, i.currency, i.total_amount, i.open_amount,
        i.paid_amount, coalesce(a.applied_amount, 0) as applied_amount
    from canonical.invoice as i
    left join applied as a on i.instance = a.instance and i.source_id = a.invoice_source_id
    where i.document_kind = 'invoice' and i.document_status <> 'draft'
),

judged as ( -- what contradicts what, if anything
    select
        instance, source_id, document_number, legal_entity_code,
        case
            when document_status = 'paid' and open_amount <> 0
                then 'invoice is paid, yet ' || cast(open_amount as varchar) || ' ' || currency || ' of it are open'
            when document_status in ('open', 'uncollectible') and open_amount = 0 and total_amount > 0
                then
                    'invoice is ' || document_status || ', yet nothing of its ' || cast(total_amount as varchar) || ' ' || currency
                    || ' is open'
            when document_status = 'void' and applied_amount <> 0
                then 'invoice is void, yet payments of ' || cast(applied_amount as varchar) || ' ' || currency || ' settle it'
            when document_status <> 'void' and paid_amount <> applied_amount
                then
                    'invoice says that ' || cast(paid_amount as varchar) || ' ' || currency || ' are paid, its payments add up to '
                    || cast(applied_amount as varchar)
        end as reason,
        case
            when document_status = 'paid' and open_amount <> 0 then '0.00 ' || currency || ' open of a paid invoice'
            when document_status in ('open', 'uncollectible') and open_amount = 0 and total_amount > 0
                then 'an amount above 0.00 ' || currency || ' open of an invoice that is ' || document_status
            when document_status = 'void' then 'payments of 0.00 ' || currency || ' on a void invoice'
            else 'payments of ' || cast(paid_amount as varchar) || ' ' || currency || ', as the invoice says'
        end as wanted,
        case
            when document_status = 'paid' and open_amount <> 0 then cast(open_amount as varchar) || ' ' || currency || ' are open'
            when document_status in ('open', 'uncollectible') and open_amount = 0 and total_amount > 0
                then cast(open_amount as varchar) || ' ' || currency || ' are open'
            else 'its payments add up to ' || cast(applied_amount as varchar) || ' ' || currency
        end as found
    from stated
)

select
    cast(null as varchar) as cell_id,
    coalesce(document_number, source_id) as subject_key,
    'ST' as leg,
    legal_entity_code,
    cast(null as varchar) as currency,
    cast(null as date) as period,
    cast(0 as decimal(20, 4)) as difference_amount,
    reason,
    '[{"instance":"' || instance || '","table":"invoice","source_id":"' || source_id || '"}]' as evidence,
    wanted as expected_text,
    found as found_text
from judged
where reason is not null
