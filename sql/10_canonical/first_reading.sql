-- grain:   instance
-- params:  as_of
-- owner:   accounting
-- says:    the day on which each ERP's postings were read first: what they hold of it was there before
-- example: netsuite_main was read first on 23 June 2026
select
    instance,
    min(as_of) as first_date
from mapped.posting
where as_of <= $as_of
group by instance
