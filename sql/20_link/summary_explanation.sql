-- grain:   group_key, explanation, document_key
-- owner:   accounting
-- says:    sets of documents that explain to the cent why a summary journal differs; the smallest sets only, taken where there is one
-- example: 240.00 too little: INV-7 and INV-9 of 120.00 are missing, and no single document nor other pair has these amounts: taken
-- One document explains before two, two before more; more only as documents that a small day (up to twelve) lacks. Where several sets of
-- the smallest size explain it, none is taken: they are candidates, and the difference stays with the journal.
with gap as ( -- journals that differ
    select group_key, receivable_amount, tax_amount, deferred_amount, revenue_amount
    from link.summary_gap
    where not is_exact
),

event as ( -- what may be behind, in a stated order
    select
        group_key, event_kind, document_key, receivable_amount, tax_amount, deferred_amount, revenue_amount,
        row_number() over (partition by group_key order by document_key asc, event_kind asc) as event_number
    from link.summary_event
),

pair as ( -- two events that explain it together
    select a.group_key, a.event_number as first_number, b.event_number as second_number
    from gap as g
    inner join event as a on g.group_key = a.group_key
    inner join event as b
        on
            a.group_key = b.group_key and g.receivable_amount - a.receivable_amount = b.receivable_amount
            and g.tax_amount - a.tax_amount = b.tax_amount and g.deferred_amount - a.deferred_amount = b.deferred_amount
            and g.revenue_amount - a.revenue_amount = b.revenue_amount
    where a.event_number < b.event_number and a.document_key <> b.document_key
),

absent as ( -- documents that a small day may lack, each with a bit of its own
    select
        group_key, event_number, receivable_amount, tax_amount, deferred_amount, revenue_amount,
        row_number() over (partition by group_key order by event_number) - 1 as bit,
        count(*) over (partition by group_key) as documents
    from event
    where event_kind = 'missing'
),

drawn as ( -- every set of them
    select group_key, unnest(generate_series(1, cast(power(2, documents) as bigint) - 1)) as bits
    from absent
    where documents <= 12
    group by group_key, documents
),

several as ( -- sets of three and more that explain it together
    select d.group_key, d.bits
    from drawn as d
    inner join absent as a on d.group_key = a.group_key and (d.bits >> a.bit) % 2 = 1
    inner join gap as g on d.group_key = g.group_key
    group by d.group_key, d.bits, g.receivable_amount, g.tax_amount, g.deferred_amount, g.revenue_amount
    having
        count(*) > 2 and sum(a.receivable_amount) = g.receivable_amount and sum(a.tax_amount) = g.tax_amount
        and sum(a.deferred_amount) = g.deferred_amount and sum(a.revenue_amount) = g.revenue_amount
),

member as ( -- all sets in one shape: their events
    select g.group_key, cast(e.event_number as varchar) as explanation, e.event_number
    from gap as g
    inner join event as e
        on
            g.group_key = e.group_key and g.receivable_amount = e.receivable_amount and g.tax_amount = e.tax_amount
            and g.deferred_amount = e.deferred_amount and g.revenue_amount = e.revenue_amount
    union all
    select
        group_key, cast(first_number as varchar) || '+' || cast(second_number as varchar) as explanation,
        unnest([first_number, second_number]) as event_number
    from pair
    union all
    select s.group_key, 'set ' || cast(s.bits as varchar) as explanation, a.event_number
    from several as s
    inner join absent as a on s.group_key = a.group_key and (s.bits >> a.bit) % 2 = 1
),

sized as ( -- how many documents each set has
    select group_key, explanation, count(*) as documents
    from member
    group by group_key, explanation
),

smallest as ( -- sets of the smallest size, with how many there are
    select group_key, explanation, documents, count(*) over (partition by group_key) as explanations
    from (
        select group_key, explanation, documents, min(documents) over (partition by group_key) as least
        from sized
    ) as ordered
    where documents = least
)

select
    s.group_key,
    s.explanation,
    s.documents,
    s.explanations,
    e.event_kind,
    e.document_key,
    e.receivable_amount,
    e.tax_amount,
    e.deferred_amount,
    e.revenue_amount,
    s.explanations = 1 as is_only_one
from smallest as s
inner join member as m on s.group_key = m.group_key and s.explanation = m.explanation
inner join event as e on m.group_key = e.group_key and m.event_number = e.event_number
