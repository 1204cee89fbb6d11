-- control:  DQ04
-- priority: 50
-- severity: high
-- grain:    record that was there and is not any more
-- params:   as_of
-- owner:    data platform
-- queue:    integration
-- says:     record vanished from the source without a delete event
-- example:  netsuite_main.transaction/10044 was read on Monday; on Sunday's comparison of all ids it was gone, and nobody said so
-- repair:   investigate
-- Lines vanish with their record and are not named beside it. A record that is delivered again is back.
with news as ( -- what was last heard of each record that ever left
    select
        t.instance, t.object_name, t.source_id, t.batch_id, t.as_of, t.state,
        row_number() over (
            partition by t.instance, t.object_name, t.source_id order by t.as_of desc, b.sequence desc, t.batch_id desc, t.state asc
        ) as news_rank
    from landing.tombstone as t
    left join landing.batch as b on t.batch_id = b.batch_id
    where t.as_of <= $as_of
),

vanished as ( -- records of which the last thing is that they were missing, with the record that they belong to
    select instance, object_name, source_id, batch_id, as_of, split_part(source_id, '/', 1) as owner_id
    from news
    where news_rank = 1 and state = 'noticed'
)

select
    cast(null as varchar) as cell_id,
    v.instance || '.' || v.object_name || '/' || v.owner_id as subject_key,
    'DQ' as leg,
    cast(null as varchar) as legal_entity_code,
    cast(null as varchar) as currency,
    cast(null as date) as period,
    cast(0 as decimal(20, 4)) as difference_amount,
    v.object_name || ' ' || v.owner_id || ' of ' || v.instance || ' was there before and is missing since the reading of '
    || cast(min(v.as_of) as varchar) || '; the source did not say that it was deleted' as reason,
    '[{"instance":"' || v.instance || '","table":"landing.tombstone","source_id":"' || min(v.batch_id) || '"}]' as evidence,
    'a record ' || v.owner_id || ', or the word that it was deleted' as expected_text,
    'neither in ' || v.instance as found_text
from vanished as v
left join vanished as h on v.instance = h.instance and v.owner_id = h.source_id and v.object_name <> h.object_name
where h.source_id is null
group by v.instance, v.object_name, v.owner_id
