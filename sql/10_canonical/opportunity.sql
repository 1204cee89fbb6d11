-- grain:  instance, source_id
-- params: as_of
-- owner:  sales operations
-- says:   a deal on its way to a contract: its newest version known on the day, unless the source has deleted it
with repeated as ( -- records that were delivered in several versions up to the day: only they need ranking
    select instance, source_id
    from mapped.opportunity
    where as_of <= $as_of
    group by instance, source_id
    having count(*) > 1
),

version as ( -- their versions, the newest ranked first
    select
        v.instance, v.source_id, v.source_version, v.batch_id, v.as_of, v.is_deleted, v.opportunity_number,
        v.opportunity_name, v.account_source_id, v.opportunity_stage, v.is_won, v.close_date, v.opportunity_amount,
        v.currency, v.stage_name,
        row_number() over (
            partition by v.instance, v.source_id order by v.source_version desc, v.as_of desc, v.batch_id desc
        ) as version_rank
    from mapped.opportunity as v
    inner join repeated as r on v.instance = r.instance and v.source_id = r.source_id
    where v.as_of <= $as_of
)

select
    instance, source_id, source_version, batch_id, as_of, opportunity_number, opportunity_name, account_source_id,
    opportunity_stage, is_won, close_date, opportunity_amount, currency, stage_name
from version
where version_rank = 1 and not is_deleted
union all -- and records with one version
select
    m.instance, m.source_id, m.source_version, m.batch_id, m.as_of, m.opportunity_number, m.opportunity_name,
    m.account_source_id, m.opportunity_stage, m.is_won, m.close_date, m.opportunity_amount, m.currency, m.stage_name
from mapped.opportunity as m
left join repeated as r on m.instance = r.instance and m.source_id = r.source_id
where m.as_of <= $as_of and not m.is_deleted and r.source_id is null
