-- control:  DQ06
-- priority: 5
-- severity: high
-- grain:    contract line; the differing cells that its impossible price makes are claimed with it
-- owner:    sales operations
-- queue:    revenue_operations
-- says:     terms of a contract line are impossible: ends before its start, quantity zero or less, or discount not 0 to 100 %
-- example:  ORD-00056/1 grants 150 %: its schedule of -50.00 USD is nobody's to bill
-- repair:   repair at source
with judged as ( -- counted lines with what is impossible about them, if anything
    select
        contract_line_key, root_line_key, line_subject_key, legal_entity_code, start_date, end_date,
        discount_fraction < 0 or discount_fraction > 1 or (quantity < 0 and is_original) as is_mispriced,
        concat_ws(
            '; ',
            case
                when end_date < start_date
                    then 'ends on ' || cast(end_date as varchar) || ', before it starts on ' || cast(start_date as varchar)
            end,
            case when quantity = 0 then 'its quantity is zero' end,
            case
                when quantity < 0 and is_original
                    then 'its quantity is ' || cast(cast(quantity as decimal(18, 2)) as varchar) || ', and it amends nothing'
            end,
            case
                when discount_fraction < 0 or discount_fraction > 1
                    then 'its discount is ' || cast(cast(discount_fraction * 100 as decimal(16, 2)) as varchar) || ' %, not 0 to 100 %'
            end
        ) as said,
        concat_ws(
            '; ',
            case when end_date < start_date then 'an end on or after its start on ' || cast(start_date as varchar) end,
            case when quantity = 0 then 'a quantity other than 0' end,
            case when quantity < 0 and is_original then 'a quantity above 0' end,
            case when discount_fraction < 0 or discount_fraction > 1 then 'a discount of 0 to 100 %' end
        ) as wanted
    from link.booked_line
    where is_counted
)

select
    x.cell_id,
    j.line_subject_key as subject_key,
    'DQ' as leg,
    j.legal_entity_code,
    x.currency,
    x.period,
    coalesce(x.difference_amount, cast(0 as decimal(20, 4))) as difference_amount,
    j.line_subject_key || ': ' || j.said as reason,
    '[{"instance":"' || split_part(j.contract_line_key, ':', 1) || '","table":"contract_line","source_id":"'
    || split_part(j.contract_line_key, ':', 2) || '"}]' as evidence,
    j.wanted as expected_text,
    j.said as found_text
from judged as j
left join grid.booked_billed_break as x
    on j.is_mispriced and j.root_line_key = x.contract_line_key and x.service_start_date between j.start_date and j.end_date
where j.said <> ''
