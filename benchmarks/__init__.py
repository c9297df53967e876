"""Measurements of both programs as whole processes, each beside a baseline in the same run: ``make bench``."""
