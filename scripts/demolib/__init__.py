"""The parts of ``make demo``: child processes, the sandbox, a Meltano run, and what is printed of it."""
