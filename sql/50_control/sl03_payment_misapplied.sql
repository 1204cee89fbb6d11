-- control:  SL03
-- priority: 40
-- severity: high
-- grain:    payment of billing
-- owner:    accounting
-- queue:    finance_operations
-- says:     payment was applied to another customer's invoice, or above the open balance
-- repair:   unapply
-- example:  inpay_7 of 120.00 EUR came from AC-2 and settles an invoice of AC-1; or settles an invoice of which 100.00 were open
-- Customers are one where the CRM knows them as one. Worth, negative, what must be unapplied; whether it is in the ledger is SL02's.
with owner as ( -- the CRM account behind each customer record, else the record itself
    select
        a.instance || ':' || a.source_id as customer_key,
        coalesce(l.account_key, a.instance || ':' || a.source_id) as owner_key,
        l.account_key is not null as is_linked,
        a.account_name
    from canonical.account as a
    left join link.account as l on a.instance || ':' || a.source_id = l.other_account_key
),

applied as ( -- payments on invoices with the customers that paid, were billed and were credited in the ledger
    select
        m.money_key, m.instance, m.source_id, m.document_number, m.legal_entity_code, m.currency, m.payment_amount, m.paid_date,
        i.account_name as billed_name,
        case
            when m.payer_source_id <> m.invoiced_source_id and coalesce(p.owner_key, '') <> i.owner_key
                then coalesce(p.account_name, 'the unknown customer ' || m.payer_source_id)
            when b.owner_key <> i.owner_key and b.is_linked and i.is_linked then b.account_name
        end as other_name
    from link.money as m
    inner join owner as i on m.instance || ':' || m.invoiced_source_id = i.customer_key
    left join owner as p on m.instance || ':' || m.payer_source_id = p.customer_key
    left join link.money_customer as k on m.money_key = k.money_key
    left join owner as b on k.customer_key = b.customer_key
    where
        m.payment_kind = 'payment' and m.payment_amount <> 0
        and (select count(distinct role) from policy.instance where role in ('billing', 'erp')) = 2
)

select
    cast(null as varchar) as cell_id,
    source_id as subject_key,
    'SL' as leg,
    legal_entity_code,
    currency,
    cast(date_trunc('month', paid_date) as date) as period,
    cast(-payment_amount as decimal(20, 4)) as difference_amount,
    'payment ' || source_id || ' of ' || other_name || ' is applied to ' || coalesce(document_number, 'an invoice') || ' of '
    || billed_name as reason,
    '[{"instance":"' || instance || '","table":"payment_application","source_id":"' || source_id || '"}]' as evidence,
    'payment ' || source_id || ' settles invoices of ' || other_name as expected_text,
    'it settles ' || coalesce(document_number, 'an invoice') || ' of ' || billed_name as found_text
from applied
where other_name is not null
union all -- payments above what was open
select
    cast(null as varchar) as cell_id,
    u.subject_key,
    'SL' as leg,
    u.legal_entity_code,
    u.currency,
    cast(date_trunc('month', u.since_date) as date) as period,
    cast(-u.unapplied_amount as decimal(20, 4)) as difference_amount,
    'payment ' || u.subject_key || ' of ' || cast(m.payment_amount as varchar) || ' ' || u.currency || ' is applied to '
    || coalesce(m.document_number, 'an invoice') || ', ' || cast(u.unapplied_amount as varchar) || ' above what was open' as reason,
    '[{"instance":"' || m.instance || '","table":"payment_application","source_id":"' || m.source_id || '"}]' as evidence,
    'at most ' || cast(m.payment_amount - u.unapplied_amount as varchar) || ' ' || u.currency || ' applied to '
    || coalesce(m.document_number, 'the invoice') as expected_text,
    cast(m.payment_amount as varchar) || ' ' || u.currency || ' applied' as found_text
from grid.unapplied as u
inner join link.money as m on u.record_key = m.money_key
where u.unapplied_kind = 'overpaid'
