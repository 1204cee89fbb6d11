-- grain:    table_name, legal_entity_code, period, currency
-- owner:    accounting
-- says:     both roll-forwards foot: opening and movements make closing, and each closing is the next opening
-- severity: error
with footed as ( -- what each row should close with, and what the row before it closed with
    select
        'deferred_rollforward' as table_name, legal_entity_code, period, currency, opening_amount, closing_amount,
        opening_amount + billed_amount - recognised_amount + other_amount as footed_amount,
        functional_closing_amount
        - (
            functional_opening_amount + functional_billed_amount - functional_recognised_amount + functional_fx_amount
            + functional_other_amount
        ) as functional_gap,
        coalesce(lag(closing_amount) over (
            partition by legal_entity_code, ledger_account_number, currency order by period
        ), 0) as before_amount
    from recon.deferred_rollforward
    union all
    select
        'receivable_rollforward' as table_name, legal_entity_code, period, currency, posted_opening_amount as opening_amount,
        posted_closing_amount as closing_amount,
        posted_opening_amount + posted_billed_amount + posted_credited_amount + posted_received_amount + posted_refunded_amount
        + posted_other_amount as footed_amount,
        closing_amount - (opening_amount + billed_amount + credited_amount + received_amount + refunded_amount) as functional_gap,
        coalesce(lag(posted_closing_amount) over (
            partition by legal_entity_code, currency order by period
        ), 0) as before_amount
    from recon.receivable_rollforward
)

select table_name, legal_entity_code, period, currency, opening_amount, footed_amount, closing_amount
from footed
where footed_amount <> closing_amount or functional_gap <> 0 or before_amount <> opening_amount
