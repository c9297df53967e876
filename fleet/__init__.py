"""Many tenants on Dagster: a partition per tenant, each run the pair ``tap-inventory | target-optiply``.

``dagster dev -m fleet.definitions`` with a ``tenants.yml`` in the folder; see docs/fleet.md.
"""
