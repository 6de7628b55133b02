"""Forecasting methods, how wrong they were, and a report on one family."""
