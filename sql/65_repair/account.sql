-- grain:   instance, legal_entity_code, account_class
-- owner:   accounting
-- says:    the one account of the chart that an entity posts a class to, if there is just one; else how many could be meant
-- example: DE posts receivable to 1100 only: 1100; revenue to 4000 and 4010: none is chosen
-- An account is never guessed: what the entity has posted to counts, and where it never posted the class, the whole chart.
with used as ( -- accounts that an entity has posted to
    select distinct p.instance, e.legal_entity_code, p.ledger_account_source_id
    from link.used_account as p
    inner join canonical.legal_entity as e on p.instance = e.instance and p.subsidiary_source_id = e.source_id
    where p.is_primary_book
),

candidate as ( -- active accounts of each class for each entity, with whether it has used them
    select
        e.instance, e.legal_entity_code, a.account_class, a.ledger_account_number,
        u.ledger_account_source_id is not null as is_used
    from canonical.legal_entity as e
    inner join canonical.ledger_account as a on e.instance = a.instance
    left join used as u
        on e.instance = u.instance and e.legal_entity_code = u.legal_entity_code and a.source_id = u.ledger_account_source_id
    where a.is_active and a.account_class is not null
),

chosen as ( -- the used ones where there are any
    select
        instance, legal_entity_code, account_class, ledger_account_number,
        is_used = bool_or(is_used) over (partition by instance, legal_entity_code, account_class) as is_meant
    from candidate
)

select
    instance,
    legal_entity_code,
    account_class,
    case when count(distinct ledger_account_number) = 1 then min(ledger_account_number) end as ledger_account_number,
    string_agg(distinct ledger_account_number, ', ' order by ledger_account_number) as candidates
from chosen
where is_meant
group by instance, legal_entity_code, account_class
