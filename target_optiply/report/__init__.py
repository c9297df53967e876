"""The page about a run: what is collected while it lasts, and what is made of it at the end."""
