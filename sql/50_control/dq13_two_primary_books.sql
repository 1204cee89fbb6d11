-- control:  DQ13
-- priority: 50
-- severity: high
-- grain:    instance of an ERP
-- owner:    accounting
-- queue:    finance_operations
-- says:     more than one accounting book says that it is the primary one, so that every amount would count twice
-- example:  books 1 and 2 of netsuite_main are primary: book 1 is compared
-- repair:   repair at source
select
    cast(null as varchar) as cell_id,
    instance as subject_key,
    'DQ' as leg,
    cast(null as varchar) as legal_entity_code,
    cast(null as varchar) as currency,
    cast(null as date) as period,
    cast(0 as decimal(20, 4)) as difference_amount,
    'books ' || book_list || ' of ' || instance || ' are all primary; only book ' || book_source_id || ' is compared' as reason,
    '[{"instance":"' || instance || '","table":"posting","source_id":"book ' || book_source_id || '"}]' as evidence,
    'one primary book' as expected_text,
    cast(book_count as varchar) || ' primary books: ' || book_list as found_text
from canonical.primary_book
where book_count > 1
