"""`python -m q2c_pipeline.cli`."""

from q2c_pipeline.cli import app

app()
