-- grain:   instance
-- params:  as_of
-- owner:   accounting
-- says:    the one accounting book of each ERP that is compared: the primary one, or the lowest where several say that they are
-- example: books 1 and 2 both say that they are primary: book 1 is compared, and DQ13 names both
with primary_one as ( -- books that postings call primary
    select distinct instance, book_source_id
    from mapped.posting
    where is_primary_book and as_of <= $as_of and not is_deleted
)

select
    instance,
    min_by(book_source_id, (length(book_source_id), book_source_id)) as book_source_id,
    count(*) as book_count,
    string_agg(book_source_id, ', ' order by length(book_source_id), book_source_id) as book_list
from primary_one
group by instance
