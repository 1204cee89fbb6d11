-- control:  MD06
-- priority: 50
-- severity: medium
-- grain:    product, currency, price list, role of the system that differs
-- owner:    revenue operations
-- queue:    revenue_operations
-- says:     price list differs from the one of the catalogue's owner
-- example:  the price book says 40.00 USD for CORE-SEAT, billing's copy of it 42.00: CORE-SEAT/USD@billing
-- repair:   sync price
with listed as ( -- prices of a price list in force, by product code and role
    select
        i.role, p.instance, p.source_id, o.product_code, p.currency, p.price_list_name, p.unit_price
    from canonical.price as p
    inner join canonical.product as o on p.instance = o.instance and p.product_source_id = o.source_id
    inner join policy.instance as i on p.instance = i.instance
    where p.is_active and p.price_list_name is not null and p.unit_price is not null and o.product_code is not null
),

owner_says as ( -- the owner's price, where its records agree on one
    select
        l.product_code, l.currency, l.price_list_name, w.owner_role,
        min(l.unit_price) as unit_price, min(l.instance) as instance, min(l.source_id) as source_id
    from listed as l
    inner join policy.ownership as w on l.role = w.owner_role and w.table_name = 'price' and w.field_name = 'unit_price'
    group by l.product_code, l.currency, l.price_list_name, w.owner_role
    having count(distinct l.unit_price) = 1
)

select -- prices of other systems in the same list that are not the owner's
    cast(null as varchar) as cell_id,
    l.product_code || '/' || l.currency || '@' || l.role as subject_key,
    'MD' as leg,
    cast(null as varchar) as legal_entity_code,
    cast(null as varchar) as currency,
    cast(null as date) as period,
    cast(0 as decimal(20, 4)) as difference_amount,
    'list price of ' || l.product_code || ' belongs to ' || o.owner_role || ', which says '
    || cast(cast(o.unit_price as decimal(16, 4)) as varchar) || ' ' || l.currency || '; ' || l.role || ' says '
    || cast(cast(l.unit_price as decimal(16, 4)) as varchar) as reason,
    '[{"instance":"' || o.instance || '","table":"price","source_id":"' || o.source_id || '"},{"instance":"'
    || l.instance || '","table":"price","source_id":"' || l.source_id || '"}]' as evidence,
    cast(cast(o.unit_price as decimal(16, 4)) as varchar) || ' ' || l.currency || ', as ' || o.instance || ' says for '
    || o.owner_role as expected_text,
    cast(cast(l.unit_price as decimal(16, 4)) as varchar) || ' ' || l.currency || ' in ' || l.instance as found_text
from listed as l
inner join owner_says as o
    on l.product_code = o.product_code and l.currency = o.currency and l.price_list_name = o.price_list_name
where l.role <> o.owner_role and l.unit_price <> o.unit_price
