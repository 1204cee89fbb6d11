"""Reconciles what was booked, billed, posted and recognised, to the cent."""

__version__ = "0.1.0"
