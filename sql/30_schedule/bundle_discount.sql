-- grain:   price_key
-- owner:   accounting
-- says:    orders whose discount belongs to some of their obligations only: to a bundle that the policy says is sold at a price
-- example: A 40, B 55 and C 45 for 100.00, B and C being sold together for 60.00: all of the 40.00 off is theirs
-- Rules. The order has each product of the bundle on one line, all in one quantity and for one time, and others beside them; what it is
-- below its stand-alone prices is, to less than a minor unit, what the bundle is below its own. Beside a residual product, whose own
-- price nobody knows, the bundle is taken at its price. Where two bundles would do, none is.
with member as ( -- bundles of which an order has products
    select
        o.price_key, b.bundle,
        count(*) as lines,
        count(distinct o.product_code) as products,
        max(b.products) as bundle_products,
        min(o.size) as smallest, max(o.size) as largest,
        bool_or(o.is_residual) as is_residual,
        sum(o.weight) as members_weight,
        max(cast(cast(b.unit_price as decimal(38, 4)) * 10000 as hugeint) * o.size) as bundle_weight,
        max(o.contract_line_key) as last_line_key
    from schedule.obligation as o
    inner join (
        select bundle, product_code, currency, unit_price, count(*) over (partition by bundle, currency) as products
        from policy.bundle
    ) as b on o.product_code = b.product_code and o.currency = b.currency
    group by o.price_key, b.bundle
),

whole as ( -- all obligations of the price
    select
        price_key, count(*) as lines, bool_or(is_residual) as has_residual, sum(weight) as weight, min(unit_weight) as unit_weight,
        cast(abs(sum(cast(total_amount as decimal(38, 4)))) * 10000 as hugeint) as price_parts
    from schedule.obligation
    group by price_key
),

fitting as ( -- price and weights in one measure: a minor unit is unit_weight, 1e-4 of the currency is 1e8 x 365 parts
    select
        m.price_key, m.bundle, m.members_weight, m.bundle_weight, m.last_line_key,
        count(*) over (partition by m.price_key) as candidates
    from member as m
    inner join whole as w on m.price_key = w.price_key
    where
        m.lines = m.bundle_products and m.products = m.bundle_products and m.smallest = m.largest and not m.is_residual
        and m.lines < w.lines and m.bundle_weight < m.members_weight
        and (
            w.has_residual
            or abs(w.weight - w.price_parts * 100000000 * 365 - m.members_weight + m.bundle_weight) < w.unit_weight
        )
)

select price_key, bundle, cast(members_weight as hugeint) as members_weight, cast(bundle_weight as hugeint) as bundle_weight, last_line_key
from fitting
where candidates = 1
