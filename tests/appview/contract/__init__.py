"""What holds for every query alike: one line a query in `cases.py`, one town of people and records to ask about."""
