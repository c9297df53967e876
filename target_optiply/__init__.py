"""target-optiply: a Singer target for the Optiply replenishment optimiser."""
