-- grain: product_key
-- owner: revenue operations
-- says:  how each system's product earns its revenue: its own class, else that of the product with the same code
with coded as ( -- revenue class that any system states for a product code
    select
        product_code,
        min(revenue_class) as revenue_class
    from canonical.product
    where product_code is not null and revenue_class is not null
    group by product_code
)

select
    p.instance || ':' || p.source_id as product_key,
    p.product_code,
    coalesce(p.revenue_class, c.revenue_class) as revenue_class
from canonical.product as p
left join coded as c on p.product_code = c.product_code
