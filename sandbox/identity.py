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

#: What every token begins with, so that one is recognised wherever it should not be.
OPTIPLY_TOKEN_MARK = "5a4db0c5"

#: The APIs beside inFlow's and Optiply's, in the order of the ready line.
OTHER_APIS = ("optiflow", "quickstart", "opterius")
ALL_APIS = ("optiply", "inflow", "auth", *OTHER_APIS)

OPTIFLOW_TOKEN = "12|sandbox-optiflow-token"
QUICKSTART_CLIENT_ID = "sandbox-quickstart-app"
QUICKSTART_CLIENT_SECRET = "sandbox-quickstart-secret"
QUICKSTART_REFRESH_TOKEN = "sandbox-first-refresh-token"
OPTERIUS_TOKEN = "opt_live_sandbox0123456789"
#: What every token begins with that the quick-start API's sandbox gives out.
QUICKSTART_TOKEN_MARK = "sandbox-quickstart-token-"
