-- grain:  instance, source_id
-- params: as_of
-- owner:  sales operations
-- says:   one product of a deal: its newest version known on the day, unless the source has deleted it
with version as ( -- every version delivered up to the day, the newest ranked first
    select
        instance, source_id, source_version, batch_id, as_of, is_deleted, opportunity_source_id, product_source_id,
        quantity, unit_price,
        row_number() over (
            partition by instance, source_id order by source_version desc, as_of desc, batch_id desc
        ) as version_rank
    from mapped.opportunity_line
    where as_of <= $as_of
)

select
    instance, source_id, source_version, batch_id, as_of, opportunity_source_id, product_source_id, quantity, unit_price
from version
where version_rank = 1 and not is_deleted
