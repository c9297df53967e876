"""Counts the work of a program instead of its seconds."""
