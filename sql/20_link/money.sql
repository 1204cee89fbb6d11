-- grain:   money_key
-- owner:   billing operations
-- says:    all money that billing saw move, with the invoice that it settles and the day: payments positive, refunds negative
-- example: inpay_7 of 120.00 EUR settles INV-7 of UK; re_3 gives 20.00 EUR of the same payment back: -20.00 EUR, also INV-7
-- What of a payment settles nothing stands under the payment's own id, without an invoice, in the company of its payer: as the CRM
-- has it, else the one that all invoices of the payer are of, else the one in whose ledger it was entered: nothing can contradict that.
with paid as ( -- day and payer of each payment, by the payment's id in billing
    select
        instance,
        payment_source_id,
        min(paid_date) as paid_date,
        min(account_source_id) as payer_source_id
    from canonical.payment
    where payment_kind = 'payment' and payment_source_id is not null
    group by instance, payment_source_id
),

applied as ( -- the invoice that each payment settles; what settles several counts for the first
    select
        instance,
        payment_source_id,
        min(invoice_source_id) as invoice_source_id,
        coalesce(sum(payment_amount) filter (where payment_status = 'succeeded'), 0) as applied_amount
    from canonical.payment_application
    where payment_source_id is not null
    group by instance, payment_source_id
),

home as ( -- the company that each customer of billing buys from, as the CRM has it
    select
        l.other_account_key,
        min(a.legal_entity_code) as legal_entity_code
    from link.account as l
    inner join canonical.account as a on l.account_key = a.instance || ':' || a.source_id
    where l.role = 'billing'
    group by l.other_account_key
),

billed as ( -- the company that each customer of billing was invoiced by, where it is a single one
    select
        instance || ':' || account_source_id as account_key,
        min(legal_entity_code) as legal_entity_code
    from canonical.invoice
    where account_source_id is not null
    group by instance, account_source_id
    having min(legal_entity_code) = max(legal_entity_code)
),

money as ( -- payments as they were applied ...
    select
        a.instance,
        a.source_id,
        'payment' as payment_kind,
        a.invoice_source_id,
        p.payer_source_id,
        a.payment_amount,
        a.currency,
        p.paid_date
    from canonical.payment_application as a
    left join paid as p on a.instance = p.instance and a.payment_source_id = p.payment_source_id
    where a.payment_status = 'succeeded' and a.payment_amount is not null
    union all -- ... what of them settles nothing ...
    select
        p.instance,
        p.source_id,
        'payment' as payment_kind,
        cast(null as varchar) as invoice_source_id,
        p.account_source_id as payer_source_id,
        p.payment_amount - coalesce(a.applied_amount, 0) as payment_amount,
        p.currency,
        p.paid_date
    from canonical.payment as p
    left join applied as a on p.instance = a.instance and coalesce(p.payment_source_id, p.source_id) = a.payment_source_id
    where
        p.payment_kind = 'payment' and p.payment_status = 'succeeded' and p.payment_amount > coalesce(a.applied_amount, 0)
    union all -- ... and refunds, which name a charge or the payment itself
    select
        r.instance,
        r.source_id,
        'refund' as payment_kind,
        a.invoice_source_id,
        p.payer_source_id,
        r.payment_amount,
        r.currency,
        r.paid_date
    from canonical.payment as r
    left join canonical.payment as c
        on r.instance = c.instance and r.payment_source_id = c.source_id and c.payment_kind = 'payment'
    left join applied as a on r.instance = a.instance and coalesce(c.payment_source_id, r.payment_source_id) = a.payment_source_id
    left join paid as p on r.instance = p.instance and coalesce(c.payment_source_id, r.payment_source_id) = p.payment_source_id
    where r.payment_kind = 'refund' and r.payment_status = 'succeeded'
),

entered as ( -- the company in whose ledger money that settles nothing stands, where it is a single one
    select
        d.claimed_document_id as source_id,
        min(t.legal_entity_code) as legal_entity_code
    from link.document as d
    inner join link.posted_transaction as t on d.transaction_key = t.transaction_key
    where
        d.transaction_kind in ('payment', 'refund')
        and d.claimed_document_id in (select source_id from money where invoice_source_id is null)
    group by d.claimed_document_id
    having min(t.legal_entity_code) = max(t.legal_entity_code)
)

select
    m.instance || ':' || m.source_id as money_key,
    m.instance,
    m.source_id,
    m.payment_kind,
    m.instance || ':' || m.invoice_source_id as document_key,
    i.document_number,
    coalesce(i.legal_entity_code, h.legal_entity_code, b.legal_entity_code, e.legal_entity_code, 'unknown') as legal_entity_code,
    m.currency,
    m.payment_amount,
    coalesce(m.paid_date, i.issued_date) as paid_date,
    m.payer_source_id,
    i.account_source_id as invoiced_source_id
from money as m
left join canonical.invoice as i on m.instance = i.instance and m.invoice_source_id = i.source_id
left join home as h on m.invoice_source_id is null and m.instance || ':' || m.payer_source_id = h.other_account_key
left join billed as b on m.invoice_source_id is null and m.instance || ':' || m.payer_source_id = b.account_key
left join entered as e on m.invoice_source_id is null and m.source_id = e.source_id
