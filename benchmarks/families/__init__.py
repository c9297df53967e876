"""One module a family of rows: what is set up for them, and the rows."""
