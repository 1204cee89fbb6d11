-- control:  SL02
-- priority: 30
-- severity: high
-- grain:    payment or refund of billing, currency
-- params:   posting_grace_days
-- owner:    accounting
-- queue:    finance_operations
-- says:     payment or refund was not posted, or posted twice
-- repair:   draft journal
-- example:  inpay_7 of 120.00 EUR has no transaction in the ledger: 120.00; two transactions of 120.00 each: -120.00
-- Worth what the ledger lacks (or, negative, holds too much) of the money. Posted once with another amount is not this control.
-- Money younger than the grace is in flight.
with posted as ( -- what the ledger took from the receivable for each movement, whatever the entity
    select
        l.money_key,
        count(distinct l.transaction_key) as transactions,
        min(l.transaction_key) as first_transaction_key,
        max(l.transaction_key) as last_transaction_key,
        coalesce(-sum(t.receivable_amount), 0) as posted_amount
    from link.money_posting as l
    inner join link.posted_transaction as t on l.transaction_key = t.transaction_key
    where l.money_key is not null and t.transaction_kind in ('payment', 'refund', 'journal') -- the only ones that post money
    group by l.money_key
),

alike as ( -- movements of which transactions without an id could post any
    select claimed_document_number, payment_kind, currency, posted_amount, min(candidates) as candidates
    from link.money_posting
    where candidates is not null
    group by claimed_document_number, payment_kind, currency, posted_amount
)

select
    cast(null as varchar) as cell_id,
    m.source_id as subject_key,
    'SL' as leg,
    m.legal_entity_code,
    m.currency,
    cast(date_trunc('month', m.paid_date) as date) as period,
    cast(m.payment_amount - coalesce(p.posted_amount, 0) as decimal(20, 4)) as difference_amount,
    m.payment_kind || ' ' || m.source_id || ' of ' || case u.exponent
        when 0 then cast(cast(m.payment_amount as decimal(20, 0)) as varchar)
        when 3 then cast(cast(m.payment_amount as decimal(20, 3)) as varchar)
        else cast(cast(m.payment_amount as decimal(20, 2)) as varchar)
    end || ' ' || m.currency || ' for '
    || coalesce(m.document_number, 'no known invoice') || case
        when p.money_key is null then ': nothing is posted'
        else
            ': ' || cast(p.transactions as varchar) || ' transactions post ' || case u.exponent
                when 0 then cast(cast(p.posted_amount as decimal(20, 0)) as varchar)
                when 3 then cast(cast(p.posted_amount as decimal(20, 3)) as varchar)
                else cast(cast(p.posted_amount as decimal(20, 2)) as varchar)
            end
            || ' ' || m.currency
    end || coalesce('; it may as well be another one of ' || a.candidates || ', which look the same', '') as reason,
    '['
    || concat_ws(
        ',',
        '{"instance":"' || m.instance || '","table":"' || case m.payment_kind when 'refund' then 'payment' else 'payment_application' end
        || '","source_id":"' || m.source_id || '"}',
        '{"instance":"' || split_part(p.first_transaction_key, ':', 1) || '","table":"posting","source_id":"'
        || split_part(p.first_transaction_key, ':', 2) || '"}',
        case
            when p.last_transaction_key <> p.first_transaction_key
                then
                    '{"instance":"' || split_part(p.last_transaction_key, ':', 1) || '","table":"posting","source_id":"'
                    || split_part(p.last_transaction_key, ':', 2) || '"}'
        end
    )
    || ']' as evidence,
    'one transaction for ' || m.payment_kind || ' ' || m.source_id || ' that posts ' || cast(m.payment_amount as varchar) || ' '
    || m.currency as expected_text,
    coalesce(
        cast(p.transactions as varchar) || ' transactions that post ' || cast(p.posted_amount as varchar) || ' ' || m.currency,
        'none posts anything'
    ) as found_text
from link.money as m
left join posted as p on m.money_key = p.money_key
left join alike as a
    on
        m.document_number = a.claimed_document_number and m.payment_kind = a.payment_kind and m.currency = a.currency
        and m.payment_amount = a.posted_amount
left join canonical.currency_unit as u on m.currency = u.currency
left join policy.grace as g on m.instance = g.instance and m.legal_entity_code = g.legal_entity_code
cross join canonical.reading_cutoff as w
where
    (select count(distinct role) from policy.instance where role in ('billing', 'erp')) = 2
    and m.payment_amount <> 0
    and (
        (
            p.money_key is null
            and coalesce(m.paid_date <= w.erp_date - cast(coalesce(g.posting_days, $posting_grace_days) as integer), true)
        )
        or (p.transactions > 1 and abs(p.posted_amount) > abs(m.payment_amount))
    )
