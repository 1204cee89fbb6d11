-- grain:   leg, legal_entity_code
-- owner:   controllership
-- says:    how many exceptions of each comparison and entity are large enough to block a close, and their worth in group currency
-- example: BB of DE: 7 exceptions of 1,300.00 USD, of which 2 of 1,180.00 USD are material
select
    e.leg,
    e.legal_entity_code,
    count(*) as exceptions,
    cast(sum(case when m.is_material then 1 else 0 end) as bigint) as material_exceptions,
    coalesce(sum(e.amount_at_risk), cast(0 as decimal(20, 4))) as amount_at_risk,
    coalesce(sum(e.amount_at_risk) filter (where m.is_material), cast(0 as decimal(20, 4))) as material_amount
from recon.exception as e
inner join recon.materiality as m on e.exception_id = m.exception_id
group by e.leg, e.legal_entity_code
