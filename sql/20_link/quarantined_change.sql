-- grain:   reject_cell_id, root_line_key
-- owner:   data platform
-- says:    contract lines that a record in quarantine changes: an amending order, or a line of one, that could not be read
-- example: the amending order 801B has a date that is none; its line, which can be read, adds two seats to ORD-00056/1 from June
-- Rules. The lines of an order in quarantine say what they amend and from when. A line in quarantine is taken at what its record holds:
-- the id of another line of its system is the line that it amends; its order, if it names one, says from when.
with named as ( -- every value that stands in the record of such a row
    select distinct
        'reject|' || r.instance || '|' || r.object_name || '|' || r.source_id as reject_cell_id,
        r.instance,
        r.source_id,
        unnest(regexp_extract_all(j.record, '"([^"]*)"', 1)) as named_id
    from canonical.open_reject as r
    inner join landing.reject as j on r.batch_id = j.batch_id and r.row_number = j.row_number
    where r.source_id is not null
),

dated as ( -- orders that it names, with their first day
    select n.reject_cell_id, min(c.start_date) as start_date
    from named as n
    inner join canonical.contract as c on n.instance = c.instance and n.named_id = c.source_id
    where c.amends_contract_source_id is not null
    group by n.reject_cell_id
),

change as ( -- lines of unreadable orders, and unreadable lines
    select
        'reject|' || r.instance || '|' || r.object_name || '|' || r.source_id as reject_cell_id,
        l.instance || ':' || l.amends_line_source_id as amended_line_key,
        l.start_date
    from canonical.open_reject as r
    inner join canonical.contract_line as l on r.instance = l.instance and r.source_id = l.contract_source_id
    where l.amends_line_source_id is not null
    union all
    select n.reject_cell_id, l.instance || ':' || l.source_id as amended_line_key, d.start_date
    from named as n
    inner join canonical.contract_line as l on n.instance = l.instance and n.named_id = l.source_id
    inner join dated as d on n.reject_cell_id = d.reject_cell_id
    where n.named_id <> n.source_id
)

select c.reject_cell_id, b.root_line_key, min(c.start_date) as start_date
from change as c
inner join link.booked_line as b on c.amended_line_key = b.contract_line_key
group by c.reject_cell_id, b.root_line_key
