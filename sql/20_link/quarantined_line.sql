-- grain:   invoice_line_key
-- owner:   data platform
-- says:    lines of billing documents without a contract line whose contract is known but in quarantine, with the record that could
--          not be read
-- example: il_9 bills an item of ORD-00056/1, and the order 801A of that line has a date that is none
with line as ( -- lines without a contract line, with what they or their subscription say they bill; a credit says what it credits
    select
        l.invoice_line_key,
        coalesce(i.claimed_contract_line_id, o.claimed_contract_line_id, s.claimed_contract_line_id) as claimed_contract_line_id,
        s.claimed_contract_line_key,
        u.claimed_contract_id
    from link.invoice_line as l
    inner join canonical.invoice_line as i on l.invoice_line_key = i.instance || ':' || i.source_id
    left join canonical.invoice_line as o on i.instance = o.instance and i.credited_line_source_id = o.source_id
    left join canonical.subscription_line as s
        on i.instance = s.instance and coalesce(i.subscription_line_source_id, o.subscription_line_source_id) = s.source_id
    left join canonical.subscription as u
        on i.instance = u.instance and coalesce(i.subscription_source_id, o.subscription_source_id) = u.source_id
    where l.root_line_key is null
),

claim as ( -- every record that they name: the contract line, its contract, the subscription's contract
    select invoice_line_key, claimed_contract_line_key, claimed_contract_line_id as claimed_id
    from line
    union all
    select l.invoice_line_key, l.claimed_contract_line_key, c.contract_source_id as claimed_id
    from line as l
    inner join canonical.contract_line as c on l.claimed_contract_line_id = c.source_id
    union all
    select invoice_line_key, claimed_contract_line_key, claimed_contract_id as claimed_id
    from line
)

select
    c.invoice_line_key,
    min('reject|' || r.instance || '|' || r.object_name || '|' || r.source_id) as reject_cell_id,
    min(c.claimed_contract_line_key) as claimed_contract_line_key
from claim as c
inner join canonical.open_reject as r on c.claimed_id = r.source_id
group by c.invoice_line_key
