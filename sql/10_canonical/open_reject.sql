-- grain:   batch_id, row_number, field_name, reason
-- params:  as_of
-- owner:   data platform
-- says:    quarantined records as their newest delivery left them: what is still wrong at the source
-- example: charge ch_9 was rejected on Monday and read on Tuesday after its date was repaired: it is not open any more
with known as ( -- rejects of deliveries up to the day; one whose delivery is not on record counts too
    select
        j.batch_id, j.instance, j.object_name, j.source_id, j.row_number, j.field_name, j.reason, j.value, j.is_unknown_enum,
        b.as_of,
        b.sequence
    from landing.reject as j
    left join landing.batch as b on j.batch_id = b.batch_id
    where coalesce(b.as_of, $as_of) <= $as_of
),

rejected as ( -- their records
    select distinct instance, source_id from known where source_id is not null
),

loaded as ( -- deliveries that brought such a record into any table, or into quarantine again
    select m.instance, m.source_id, m.batch_id
    from mapped.account as m
    inner join rejected as r on m.instance = r.instance and m.source_id = r.source_id
    union all
    select m.instance, m.source_id, m.batch_id
    from mapped.accounting_period as m
    inner join rejected as r on m.instance = r.instance and m.source_id = r.source_id
    union all
    select m.instance, m.source_id, m.batch_id
    from mapped.contract as m
    inner join rejected as r on m.instance = r.instance and m.source_id = r.source_id
    union all
    select m.instance, m.source_id, m.batch_id
    from mapped.contract_line as m
    inner join rejected as r on m.instance = r.instance and m.source_id = r.source_id
    union all
    select m.instance, m.source_id, m.batch_id
    from mapped.contract_tier as m
    inner join rejected as r on m.instance = r.instance and m.source_id = r.source_id
    union all
    select m.instance, m.source_id, m.batch_id
    from mapped.fx_rate as m
    inner join rejected as r on m.instance = r.instance and m.source_id = r.source_id
    union all
    select m.instance, m.source_id, m.batch_id
    from mapped.invoice as m
    inner join rejected as r on m.instance = r.instance and m.source_id = r.source_id
    union all
    select m.instance, m.source_id, m.batch_id
    from mapped.invoice_line as m
    inner join rejected as r on m.instance = r.instance and m.source_id = r.source_id
    union all
    select m.instance, m.source_id, m.batch_id
    from mapped.ledger_account as m
    inner join rejected as r on m.instance = r.instance and m.source_id = r.source_id
    union all
    select m.instance, m.source_id, m.batch_id
    from mapped.legal_entity as m
    inner join rejected as r on m.instance = r.instance and m.source_id = r.source_id
    union all
    select m.instance, m.source_id, m.batch_id
    from mapped.opportunity as m
    inner join rejected as r on m.instance = r.instance and m.source_id = r.source_id
    union all
    select m.instance, m.source_id, m.batch_id
    from mapped.opportunity_history as m
    inner join rejected as r on m.instance = r.instance and m.source_id = r.source_id
    union all
    select m.instance, m.source_id, m.batch_id
    from mapped.opportunity_line as m
    inner join rejected as r on m.instance = r.instance and m.source_id = r.source_id
    union all
    select m.instance, m.source_id, m.batch_id
    from mapped.payment as m
    inner join rejected as r on m.instance = r.instance and m.source_id = r.source_id
    union all
    select m.instance, m.source_id, m.batch_id
    from mapped.payment_application as m
    inner join rejected as r on m.instance = r.instance and m.source_id = r.source_id
    union all
    select m.instance, m.source_id, m.batch_id
    from mapped.posting as m
    inner join rejected as r on m.instance = r.instance and m.source_id = r.source_id
    union all
    select m.instance, m.source_id, m.batch_id
    from mapped.price as m
    inner join rejected as r on m.instance = r.instance and m.source_id = r.source_id
    union all
    select m.instance, m.source_id, m.batch_id
    from mapped.product as m
    inner join rejected as r on m.instance = r.instance and m.source_id = r.source_id
    union all
    select m.instance, m.source_id, m.batch_id
    from mapped.subscription as m
    inner join rejected as r on m.instance = r.instance and m.source_id = r.source_id
    union all
    select m.instance, m.source_id, m.batch_id
    from mapped.subscription_line as m
    inner join rejected as r on m.instance = r.instance and m.source_id = r.source_id
    union all
    select m.instance, m.source_id, m.batch_id
    from mapped.usage as m
    inner join rejected as r on m.instance = r.instance and m.source_id = r.source_id
    union all
    select instance, source_id, batch_id
    from known
    where source_id is not null
),

later as ( -- rejects whose record came again in a later delivery of the object, readable or not
    select distinct k.batch_id, k.row_number
    from known as k
    inner join loaded as l on k.instance = l.instance and k.source_id = l.source_id
    inner join landing.batch as b on l.batch_id = b.batch_id and k.object_name = b.object_name
    where b.as_of <= $as_of and (b.as_of > k.as_of or (b.as_of = k.as_of and b.sequence > k.sequence))
)

select
    k.batch_id, k.instance, k.object_name, k.source_id, k.row_number, k.field_name, k.reason, k.value, k.is_unknown_enum
from known as k
left join later as l on k.batch_id = l.batch_id and k.row_number = l.row_number
where l.batch_id is null
