-- grain:   contract_key
-- owner:   revenue operations
-- says:    each amendment of a contract, classed as billing amendment, revenue event, or both
-- example: a price change on remaining service is both, a change of the bill-to party is billing, a new allocation is revenue
-- Rules. What changes the amounts that are owed changes billing and revenue alike: the class is both wherever the amendment's lines
-- owe anything. One without amounts is what its kind says; without a kind it is a billing amendment, for nothing is earned by it.
with owed as ( -- what the lines of each order owe in all, and from when
    select
        b.contract_key,
        min(p.service_start_date) as first_date,
        sum(p.net_amount) as net_amount,
        max(abs(p.net_amount)) as largest_amount
    from link.booked_line as b
    inner join schedule.billing_period as p on b.contract_line_key = p.contract_line_key
    group by b.contract_key
)

select
    c.instance || ':' || c.source_id as contract_key,
    c.instance || ':' || c.amends_contract_source_id as amended_contract_key,
    c.contract_number,
    c.amendment_kind,
    coalesce(o.first_date, c.start_date) as effective_date,
    c.currency,
    coalesce(o.net_amount, cast(0 as decimal(20, 4))) as net_amount,
    case
        when o.largest_amount > 0 then 'both'
        when c.amendment_kind = 'reallocation' then 'revenue'
        else 'billing'
    end as amendment_class
from canonical.contract as c
left join owed as o on c.instance || ':' || c.source_id = o.contract_key
where c.contract_status = 'activated' and (c.amends_contract_source_id is not null or c.amendment_kind is not null)
