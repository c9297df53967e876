"""The made-up companies, accounts and credentials that the sandbox knows; fixed, so that examples can name them."""

from __future__ import annotations

INFLOW_COMPANY_ID = "5f2b7d64-9c1e-4a83-b0d7-3e6a8c94f112"
INFLOW_API_KEY = "sandbox-inflow-key"

OPTIPLY_CLIENT_ID = "sandbox-webshop"
OPTIPLY_CLIENT_SECRET = "sandbox-client-secret"
OPTIPLY_USERNAME = "api_imports_sandbox"
OPTIPLY_PASSWORD = "sandbox-password"

#: The accounts that the one user may see; any other account is a foreign one.
OPTIPLY_ACCOUNTS = (1380, 1381)
#: The couplings that exist; both may be used with both accounts.
OPTIPLY_COUPLINGS = (77, 78)
