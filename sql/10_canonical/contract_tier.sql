-- grain:  instance, source_id
-- params: as_of
-- owner:  sales operations
-- says:   one tier of a usage price: its newest version known on the day, unless its line has lost it since
with version as ( -- every version delivered up to the day, the newest ranked first
    select
        instance, source_id, source_version, batch_id, as_of, is_deleted, contract_line_source_id, tier_number,
        from_quantity, up_to_quantity, unit_price, flat_amount, package_size,
        row_number() over (
            partition by instance, source_id order by source_version desc, as_of desc, batch_id desc
        ) as version_rank,
        -- a price that lost a tier delivers only the others: what its line's newest version lacks is gone
        source_version = max(source_version) over (partition by instance, contract_line_source_id) as is_of_newest_line
    from mapped.contract_tier
    where as_of <= $as_of
)

select
    instance, source_id, source_version, batch_id, as_of, contract_line_source_id, tier_number, from_quantity,
    up_to_quantity, unit_price, flat_amount, package_size
from version
where version_rank = 1 and is_of_newest_line and not is_deleted
