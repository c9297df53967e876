"""The regression guard of ``make test``: counts the work of a record, where clocks on a busy machine tell little."""
