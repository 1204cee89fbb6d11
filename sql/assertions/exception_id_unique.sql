-- grain:    exception_id
-- owner:    controllership
-- says:     no two exceptions share an id
-- severity: error
select exception_id, count(*) as times
from recon.exception
group by exception_id
having count(*) > 1
