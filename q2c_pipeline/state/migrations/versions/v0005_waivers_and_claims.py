"""A waiver remembers the amount that was waived; alerts are claimed by who tells them."""

import sqlalchemy as sa
from alembic import op

from q2c_pipeline.state.types import ExactDecimal, Instant

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    """Add the columns; a waiver from before covers what its exception amounts to now."""
    op.add_column("exception_case", sa.Column("waived_amount", ExactDecimal))
    op.execute("update exception_case set waived_amount = difference_amount where status = 'waived'")
    op.add_column("alert", sa.Column("claimed_until", Instant))
