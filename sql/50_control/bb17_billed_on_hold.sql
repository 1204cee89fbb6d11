-- control:  BB17
-- priority: 50
-- severity: high
-- grain:    invoice of a held customer; product without a tax class
-- owner:    accounting
-- queue:    finance_operations
-- says:     billed while the customer is on credit hold, or with a missing tax class
-- example:  customer held since 3 May, INV-7 of 1,190.00 EUR issued on 1 June; or ANALYTICS is billed without any tax code
-- repair:   hold
-- needs:    billing
-- An invoice breaks no cell by this: it is worth as expected (nothing) minus what it asks for, tax included. Tax classes count where
-- the billing platform keeps any.
with held as ( -- invoices issued after the day on which their customer was put on hold
    select
        i.instance, i.source_id, i.document_number, i.legal_entity_code, i.currency, i.issued_date, i.total_amount, h.held_account_key,
        min(h.held_date) as held_date
    from canonical.invoice as i
    inner join link.account as k on i.instance || ':' || i.account_source_id = k.other_account_key
    inner join link.credit_hold as h on k.account_key = h.account_key
    where
        i.document_kind = 'invoice' and i.document_status in ('open', 'paid', 'uncollectible') and i.issued_date > h.held_date
        and i.total_amount > 0
    group by
        i.instance, i.source_id, i.document_number, i.legal_entity_code, i.currency, i.issued_date, i.total_amount, h.held_account_key
),

classed as ( -- billing platforms that keep tax classes
    select distinct p.instance
    from canonical.product as p
    inner join policy.instance as n on p.instance = n.instance
    where n.role = 'billing' and p.tax_class is not null
),

untaxed as ( -- their products without one, on final invoices
    select p.instance, p.source_id, coalesce(p.product_code, p.source_id) as product_code, min(d.document_number) as document_number
    from canonical.product as p
    inner join classed as c on p.instance = c.instance
    inner join canonical.invoice_line as l on p.instance = l.instance and p.source_id = l.product_source_id
    inner join canonical.invoice as d on l.instance = d.instance and l.invoice_source_id = d.source_id
    where p.tax_class is null and d.document_status in ('open', 'paid', 'uncollectible')
    group by p.instance, p.source_id, p.product_code
)

select
    cast(null as varchar) as cell_id,
    coalesce(document_number, source_id) as subject_key,
    'BB' as leg,
    legal_entity_code,
    currency,
    cast(date_trunc('month', issued_date) as date) as period,
    cast(-total_amount as decimal(20, 4)) as difference_amount,
    'customer ' || held_account_key || ' is on credit hold since ' || cast(held_date as varchar) || ', '
    || coalesce(document_number, source_id) || ' of ' || cast(cast(total_amount as decimal(20, 2)) as varchar) || ' ' || currency
    || ' was issued on ' || cast(issued_date as varchar) as reason,
    '[{"instance":"' || instance || '","table":"invoice","source_id":"' || source_id || '"},{"instance":"'
    || split_part(held_account_key, ':', 1) || '","table":"account","source_id":"' || split_part(held_account_key, ':', 2)
    || '"}]' as evidence,
    'no invoice after ' || cast(held_date as varchar) as expected_text,
    'invoice of ' || cast(issued_date as varchar) as found_text
from held
union all
select
    cast(null as varchar) as cell_id,
    product_code || '@billing' as subject_key,
    'BB' as leg,
    cast(null as varchar) as legal_entity_code,
    cast(null as varchar) as currency,
    cast(null as date) as period,
    cast(0 as decimal(20, 4)) as difference_amount,
    'product ' || product_code || ' has no tax class, yet ' || coalesce(document_number, 'an invoice') || ' bills it' as reason,
    '[{"instance":"' || instance || '","table":"product","source_id":"' || source_id || '"}]' as evidence,
    'a tax class of product ' || product_code as expected_text,
    product_code || ' has none, yet ' || coalesce(document_number, 'an invoice') || ' bills it' as found_text
from untaxed
