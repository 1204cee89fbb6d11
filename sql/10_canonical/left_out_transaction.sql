-- grain:   instance, transaction_source_id
-- params:  as_of
-- owner:   accounting
-- says:    ledger transactions that came to light late only because a reading had to leave them out, with the day they were read first
-- example: an invoice of April is paid on 30 June at 01:00; the night that reads the 29th at 02:00 sees the change of the 30th only,
--          and no version of before: the invoice comes with the next night although the ledger held it all the time
-- A reading shows what stood at its cut-off, and leaves out what was changed between the cut-off and itself. That excuses one reading;
-- what several have not shown although it had been entered was not there.
with reading as ( -- days on which each ERP's postings were read, with the newest change that each of them saw
    select instance, as_of, max(source_version) as newest_version
    from mapped.posting
    where as_of <= $as_of
    group by instance, as_of
),

first_read as ( -- when each ERP's postings were first read
    select instance, min(as_of) as first_date
    from reading
    group by instance
),

delivered as ( -- transactions of which anything was read later than that
    select distinct m.instance, m.transaction_source_id, f.first_date
    from mapped.posting as m
    inner join first_read as f on m.instance = f.instance
    where m.as_of > f.first_date and m.as_of <= $as_of and not m.is_deleted
),

arrival as ( -- those of which the first reading had no line: when they came to light, and as of which change
    select
        m.instance, m.transaction_source_id,
        min(m.as_of) as seen_date,
        min(m.source_version) as seen_version,
        min(m.created_at) as created_at
    from mapped.posting as m
    inner join delivered as d on m.instance = d.instance and m.transaction_source_id = d.transaction_source_id
    where m.as_of <= $as_of and not m.is_deleted
    group by m.instance, m.transaction_source_id, d.first_date
    having min(m.as_of) > d.first_date
)

select a.instance, a.transaction_source_id, a.seen_date
from arrival as a
left join reading as r on a.instance = r.instance and cast(a.created_at as date) <= r.as_of and a.seen_date > r.as_of
where a.created_at is not null
group by a.instance, a.transaction_source_id, a.seen_date, a.seen_version
having count(r.as_of) = 0 or (count(r.as_of) = 1 and a.seen_version > max(r.newest_version))
