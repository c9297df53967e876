"""Every behaviour of the APIs that is inferred or unknown, as one table of switches with plausible defaults."""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from functools import cache
from typing import Any, Literal, get_args, get_origin, get_type_hints

#: How a fact behind a default is known: read off from the way clients behave, or not known at all.
Source = Literal["inferred", "unknown"]


def _switch(default: Any, source: Source, meaning: str) -> Any:
    return field(default=default, metadata={"source": source, "meaning": meaning})


@dataclass(slots=True)
class Switches:
    """The switches of all APIs; ``documentation()`` renders name, values, default, source and meaning."""

    # inFlow ------------------------------------------------------------------------------------------------------
    inflow_default_order: Literal["insertion", "id", "shuffled", "newest_first"] = _switch(
        "insertion", "unknown", "The order of a list without `sort`; all of them are stable."
    )
    inflow_guid_sort: Literal["sqlserver", "text"] = _switch(
        "sqlserver", "inferred", "How GUIDs compare in `sort` and `after`."
    )
    inflow_sort: Literal["honoured", "ignored", "refused"] = _switch(
        "honoured", "inferred", "What becomes of `sort` and `sortDesc`."
    )
    inflow_count_over_100: Literal["cap", "refuse"] = _switch("cap", "unknown", "What a `count` above 100 gets.")
    inflow_unknown_after: Literal["empty", "refuse", "start"] = _switch(
        "empty", "unknown", "What an `after` that no row has gets: nothing, a 400, or the list from its start."
    )
    inflow_invalid_include: Literal["refuse", "ignore"] = _switch(
        "refuse", "unknown", "What an `include` that does not exist gets."
    )
    inflow_retry_after: Literal["seconds", "absent", "date"] = _switch(
        "seconds", "unknown", "The form of `Retry-After` on a 429."
    )
    inflow_error_body: Literal["json", "text", "html", "empty"] = _switch(
        "json", "unknown", "The body of a 429 or 5xx."
    )
    inflow_requests_per_minute: int = _switch(
        0, "inferred", "Requests in any 60 seconds before a 429; 0 is off. The real API allows 60."
    )
    inflow_requests_per_hour: int = _switch(0, "inferred", "Requests in any hour before a 429; 0 is off.")
    inflow_rate_headers: bool = _switch(
        False, "inferred", "Whether answers carry `x-inflow-api-rate-limit` and `x-ratelimit-limit`."
    )
    inflow_date_filter: Literal["time", "date_only"] = _switch(
        "time", "unknown", "Whether the bounds of a date range honour the time of day."
    )
    inflow_missing_version: Literal["accept", "refuse"] = _switch(
        "accept", "unknown", "What a request without the version in its Accept header gets."
    )
    inflow_wrong_company: Literal[403, 401, 404] = _switch(403, "unknown", "The status for a foreign company id.")
    inflow_enum_case: Literal["camel", "pascal"] = _switch("camel", "unknown", "The case of enumerated values.")
    inflow_summary_numbers: Literal["string", "number"] = _switch(
        "string", "unknown", "Whether stock figures of summaries are JSON strings or numbers."
    )
    inflow_empty_text: Literal["empty", "null"] = _switch("empty", "unknown", "How a text without content is shown.")
    inflow_child_bumps_parent: bool = _switch(
        True, "unknown", "Whether a change of a child alone renews the rowversion of its parent."
    )
    inflow_late_commits: int = _switch(
        0, "inferred", "So many rows stay invisible for a while after their rowversion was drawn."
    )
    inflow_optional_streams: Literal["on", "403", "404"] = _switch(
        "on", "inferred", "What endpoints answer that not every plan includes."
    )

    # Optiply: tokens ---------------------------------------------------------------------------------------------
    optiply_token_lifetime: int = _switch(86400, "inferred", "Seconds for which an access token is good.")
    optiply_refresh_token_lifetime: int = _switch(2592000, "inferred", "Seconds for which a refresh token is good.")
    optiply_same_token_on_login: bool = _switch(
        True, "inferred", "Whether a login returns the token that is still valid, with what is left of its time."
    )
    optiply_scopes: str = _switch(
        "read write delete", "inferred", "The scopes of the user; a method without its scope gets a 403."
    )
    optiply_echo_token: bool = _switch(
        False, "inferred", "Whether the 401 for a bad token repeats the token in its text."
    )

    # Optiply: what is accepted -----------------------------------------------------------------------------------
    optiply_content_type: Literal["all", "writes", "off"] = _switch(
        "all", "inferred", "Which requests must carry `application/vnd.api+json`; the others get no 415."
    )
    optiply_unknown_attributes: Literal["refused", "ignored"] = _switch(
        "refused", "unknown", "What an attribute that the entity has not gets."
    )
    optiply_readonly_attributes: Literal["ignored", "refused"] = _switch(
        "ignored", "inferred", "What a read-only attribute on a write gets."
    )
    optiply_validation_status: Literal[400, 422] = _switch(400, "inferred", "The status of a failed validation.")
    optiply_wrong_type_500: Literal["references", "all", "none"] = _switch(
        "references", "inferred", "Which attributes answer a value of the wrong type with 500, not as a validation."
    )
    optiply_float_integers: Literal["refused", "whole"] = _switch(
        "refused", "inferred", "Whether an integer may be written with a fraction of zero, as 12.0."
    )
    optiply_numeric_strings: Literal["decimals", "all"] = _switch(
        "decimals", "inferred", "Which numbers may be written as strings; references always may."
    )
    optiply_excess_decimals: Literal["refused", "rounded"] = _switch(
        "refused", "inferred", "What a decimal with more than its places gets."
    )
    optiply_line_breaks: Literal["refused", "accepted"] = _switch(
        "refused", "inferred", "What a name with a line break gets."
    )
    optiply_resuming_purchase: Literal["datetime", "boolean"] = _switch(
        "datetime", "inferred", "The type of `resumingPurchase`."
    )
    optiply_negative_receipts: bool = _switch(False, "unknown", "Whether a receipt may have a quantity below 1.")
    optiply_promotion_defaults: bool = _switch(
        False, "unknown", "Whether entireShop, enabled and upliftType of a promotion may be left out."
    )
    optiply_patch_references: Literal["unchanged", "accepted", "refused"] = _switch(
        "unchanged", "unknown", "Which references a PATCH may carry: none, those that stand, or any."
    )
    optiply_patch_order_lines: Literal["refused", "ignored"] = _switch(
        "refused", "inferred", "What `orderLines` on a PATCH gets."
    )
    optiply_product_twice: Literal["accepted", "refused"] = _switch(
        "accepted", "unknown", "What a second line of one product in one order gets."
    )
    optiply_preferred: Literal["refused", "accepted"] = _switch(
        "refused", "inferred", "What a second preferred supplier of one product gets; disabled ones do not count."
    )
    optiply_missing_account: Literal["refused", "first"] = _switch(
        "refused", "unknown", "What a POST without accountId gets: a 400, or the user's first account."
    )
    optiply_foreign_account: Literal[403, 400, 404] = _switch(403, "unknown", "The status for a foreign accountId.")
    optiply_unknown_coupling: Literal["refused", "accepted"] = _switch(
        "refused", "unknown", "What a couplingId that does not exist gets."
    )

    # Optiply: uniqueness and deletes -----------------------------------------------------------------------------
    optiply_unique_promotion_products: bool = _switch(
        False, "unknown", "Whether a product may stand only once in a promotion."
    )
    optiply_circular_composition: Literal[409, 400, 500, 0] = _switch(
        409, "unknown", "The status for a composition that reverses another or holds itself; 0 accepts it."
    )
    optiply_cascades: Literal["proven", "all", "refused"] = _switch(
        "proven",
        "inferred",
        "What a DELETE takes along: an order's lines and their receipts, or also what hangs on products, suppliers "
        "and promotions; `refused` answers 409 while such rows stand.",
    )

    # Optiply: answers --------------------------------------------------------------------------------------------
    optiply_remote_id_map: Literal["evidenced", "proven", "all", "none"] = _switch(
        "evidenced",
        "inferred",
        "Which entities return `remoteIdMap`: products, suppliers, supplierProducts and sellOrders (`proven`), also "
        "buyOrders (`evidenced`), everything that takes a remoteId, or nothing.",
    )
    optiply_lines_in_answer: Literal["none", "attributes", "included"] = _switch(
        "none", "unknown", "Whether the answer to the POST of an order holds the lines it created, and where."
    )
    optiply_status_case: Literal["lower", "upper"] = _switch("lower", "unknown", "The case of `status` on read.")
    optiply_date_format: Literal["z", "millis", "offset"] = _switch(
        "z", "unknown", "How instants are shown: `…01Z`, `…01.000Z` or `…01+00:00`."
    )
    optiply_date_resolution: Literal["second", "millisecond"] = _switch(
        "second", "unknown", "The resolution of createdAt and updatedAt."
    )
    optiply_error_shape: Literal["full", "meta", "detail", "title", "message", "error", "empty", "null", "html"] = (
        _switch(
            "full",
            "inferred",
            "Error bodies: `errors` with detail and meta.message (`full`), with one of them or only a title, a "
            "top-level `message` or `error`, no body, `null`, or a page.",
        )
    )
    optiply_conflict_shape: Literal[
        "same", "full", "meta", "detail", "title", "message", "error", "empty", "null", "html"
    ] = _switch("same", "unknown", "The body of a 409, where it differs from the other errors'.")

    # Optiply: lists ----------------------------------------------------------------------------------------------
    optiply_filter_remote_id: Literal["refused", "accepted"] = _switch(
        "refused", "unknown", "Whether a list may be filtered on `remoteId`."
    )
    optiply_account_filter: Literal["all", "owned"] = _switch(
        "all", "inferred", "Whether `filter[accountId]` works on every list, or where accountId is shown alone."
    )
    optiply_unknown_filter: Literal["refused", "ignored"] = _switch(
        "refused", "inferred", "What a filter or sort on an attribute that the entity has not gets."
    )
    optiply_filter_comma: Literal["or", "literal"] = _switch(
        "or", "inferred", "Whether a comma in the value of a filter separates alternatives."
    )
    optiply_total_count: bool = _switch(True, "inferred", "Whether lists carry `meta.totalResourceCount`.")

    # Optiply: load -----------------------------------------------------------------------------------------------
    optiply_requests_per_second: int = _switch(0, "unknown", "Requests in any second before throttling; 0 is off.")
    optiply_max_in_flight: int = _switch(0, "unknown", "Requests at the same time before throttling; 0 is off.")
    optiply_throttle_status: Literal[429, 503] = _switch(429, "unknown", "The status of a throttled request.")
    optiply_retry_after: Literal["seconds", "date", "absent"] = _switch(
        "seconds", "unknown", "The form of `Retry-After` on a throttled request."
    )
    optiply_retry_after_seconds: int = _switch(1, "unknown", "The time that `Retry-After` names.")
    optiply_latency_knee: int = _switch(
        0, "unknown", "Requests in flight above which each further one slows the answers down; 0 is off."
    )
    optiply_latency_per_excess: float = _switch(
        0.05, "unknown", "Seconds that each request in flight above the knee adds to an answer."
    )
    optiply_late_commit: bool = _switch(
        False,
        "unknown",
        "Whether a delayed request is carried out at the end of its delay, even for a client that gave up meanwhile. "
        "Otherwise it is carried out on arrival, and only the answer is late.",
    )

    # OptiFlow ----------------------------------------------------------------------------------------------------
    optiflow_requests_per_minute: int = _switch(
        0, "inferred", "Requests in any 60 seconds before a 429; 0 is off. The real API allows 60."
    )
    optiflow_retry_after: Literal["seconds", "absent", "date"] = _switch(
        "seconds", "inferred", "The form of `Retry-After` on a 429."
    )
    optiflow_sort: Literal["honoured", "ignored", "refused"] = _switch(
        "honoured", "inferred", "What becomes of `sort`."
    )
    optiflow_relations: Literal["asked", "always", "none"] = _switch(
        "asked", "unknown", "When rows carry their items or stocks: when `include` asks, always, or never."
    )
    optiflow_envelope: Literal["meta", "flat"] = _switch(
        "meta", "inferred", "Whether the figures of a page stand in `meta` or beside `data`."
    )
    optiflow_per_page_over_100: Literal["cap", "refuse"] = _switch(
        "cap", "unknown", "What a `per_page` above 100 gets."
    )
    optiflow_child_bumps_parent: bool = _switch(
        True, "unknown", "Whether a change of an item alone renews the time of its document."
    )

    # The quick-start API -----------------------------------------------------------------------------------------
    quickstart_requests_per_minute: int = _switch(0, "unknown", "Requests in any 60 seconds before a 429; 0 is off.")
    quickstart_retry_after: Literal["seconds", "absent", "date"] = _switch(
        "seconds", "unknown", "The form of `Retry-After` on a 429."
    )
    quickstart_sort: Literal["honoured", "ignored"] = _switch("honoured", "inferred", "What becomes of `sort`.")
    quickstart_user: Literal["admin", "agent"] = _switch(
        "admin", "inferred", "Whether lists have pages without `page`: for an agent they are bare arrays."
    )
    quickstart_page_size: int = _switch(15, "inferred", "Rows in a page; no parameter changes it.")
    quickstart_token_lifetime: int = _switch(3600, "unknown", "Seconds for which an access token is good.")
    quickstart_rotation: bool = _switch(True, "unknown", "Whether a refresh token is replaced each time it is used.")
    quickstart_items: Literal["product", "id", "none"] = _switch(
        "product", "unknown", "Whether orders carry their items, with the product or with its id alone."
    )

    # Opterius ----------------------------------------------------------------------------------------------------
    opterius_variant: Literal["documented", "observed"] = _switch(
        "documented", "inferred", "Pages with `meta` as documented, or every row at once as its code behaves."
    )
    opterius_requests_per_minute: int = _switch(0, "unknown", "Requests in any 60 seconds before a 429; 0 is off.")
    opterius_retry_after: Literal["seconds", "absent", "date"] = _switch(
        "seconds", "inferred", "The form of `Retry-After` on a 429."
    )

    def update(self, changes: dict[str, Any]) -> None:
        """Set several switches at once, or none of them.

        Args:
            changes: Switch name to value; values may also be given as text.

        Raises:
            ValueError: A name or value does not exist; the message names it and what is allowed.
        """
        checked = {name: check(name, value) for name, value in changes.items()}
        for name, value in checked.items():
            setattr(self, name, value)

    def as_dict(self) -> dict[str, Any]:
        """Return every switch with its present value."""
        return {item.name: getattr(self, item.name) for item in fields(self)}


@cache
def _types() -> dict[str, Any]:
    return get_type_hints(Switches)


def check(name: str, value: Any) -> Any:
    """Return ``value`` as the switch ``name`` takes it; text is read as the switch's type.

    Raises:
        ValueError: The name or the value does not exist.
    """
    kind = _types().get(name)
    if kind is None:
        raise ValueError(f"there is no switch {name!r}")
    if get_origin(kind) is Literal:
        for choice in get_args(kind):
            if type(value) is type(choice) and value == choice:
                return choice
            if not isinstance(value, bool) and str(value) == str(choice):
                return choice
        raise ValueError(f"{name}: {value!r} is none of {', '.join(map(str, get_args(kind)))}")
    if kind is str and isinstance(value, str):
        return value
    if kind is bool:
        truth = value if isinstance(value, bool) else {"true": True, "false": False}.get(str(value).lower())
        if truth is not None:
            return truth
    if kind in (int, float) and not isinstance(value, bool):
        try:
            number = kind(value)
        except (TypeError, ValueError, OverflowError):
            number = None
        if number is not None and number >= 0 and float(number) == float(value) and number < float("inf"):
            return number
    raise ValueError(f"{name}: {value!r} is not {'a non-negative ' if kind in (int, float) else ''}{kind.__name__}")


def documentation() -> list[dict[str, Any]]:
    """Return one row a switch: ``name``, ``values``, ``default``, ``source`` and ``meaning``."""
    rows = []
    for item in fields(Switches):
        kind = _types()[item.name]
        values = list(get_args(kind)) if get_origin(kind) is Literal else kind.__name__
        rows.append({"name": item.name, "values": values, "default": item.default, **item.metadata})
    return rows
