-- grain:  instance, source_id
-- params: as_of
-- owner:  billing operations
-- says:   billing documents that existed once and that the source has deleted since, with the last number they bore
with version as ( -- every version delivered up to the day, the newest ranked first
    select
        instance,
        source_id,
        document_number,
        is_deleted,
        row_number() over (
            partition by instance, source_id order by source_version desc, as_of desc, batch_id desc
        ) as version_rank
    from mapped.invoice
    where as_of <= $as_of
)

select
    instance,
    source_id,
    max(document_number) as document_number
from version
group by instance, source_id
having bool_or(version_rank = 1 and is_deleted)
