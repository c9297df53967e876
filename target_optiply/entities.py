"""The one table of Optiply's entities: attributes, limits, references, and the order in which they depend.

Everything else in the target is written against this table; an attribute or entity is added here and nowhere else.
The facts are those of the vendor's public API notes; where they are only inferred, the row says so.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Any, Literal

Kind = Literal["text", "integer", "number", "decimal", "boolean", "datetime", "enum", "emails"]

LONG = 2**63 - 1
"""The greatest value of a whole number: ids and counts are 64-bit on the server."""


@dataclass(frozen=True, slots=True)
class Attribute:
    """One attribute of an entity, its type and its limits.

    Attributes:
        name: The API's name.
        kind: ``decimal`` is money with a fixed number of places; ``number`` is any number, whole where it can be.
        required: A POST without it is refused by the API.
        default: What a POST sends where the source says nothing.
        max_length: Longest text, in UTF-16 units (the server counts Java characters).
        exact_length: The only length that the API takes.
        integer_digits: Most digits before the decimal point.
        places: Digits after the decimal point, rounded half up.
        minimum: Smallest value.
        maximum: Greatest value.
        choices: The values of an enum, as they are written.
        fraction: What a fraction of an ``integer`` becomes.
        outside: What a value beyond the limits becomes: a rejection, or null with a warning.
        filled_by_server: Where a POST says nothing, the server puts a value of its own.
    """

    name: str
    kind: Kind
    required: bool = False
    default: Any = None
    max_length: int = 255
    exact_length: int | None = None
    integer_digits: int = 17
    places: int = 2
    minimum: int = -LONG - 1
    maximum: int = LONG
    choices: tuple[str, ...] = ()
    fraction: Literal["half_up", "reject", "null"] = "half_up"
    outside: Literal["reject", "null"] = "reject"
    filled_by_server: bool = False


@dataclass(frozen=True, slots=True)
class ReferenceAttribute:
    """An attribute that holds the Optiply id of another record."""

    name: str
    entity: str
    required: bool = True


@dataclass(frozen=True, slots=True)
class Entity:
    """One Optiply entity.

    Attributes:
        name: The resource type and path segment, ``supplierProducts``.
        title: The name in PascalCase, the key in states and summaries.
        attributes: What can be written, without references and ``stockLevel``.
        references: What points to other records.
        stock_attribute: The attribute that holds the stock figure.
        line_entity: The entity of the embedded lines.
        children: The entities whose complete list a record of this one may carry.
        owner: The reference to the record that carries the list.
        unique_pair: Two references that only one row may hold; a second one is answered with 409.
        natural_key: What a row is looked for by when the answer to its POST was lost.
        soft_delete: What is PATCHed in place of a DELETE; None where there is no such form.
        takes_remote_id: Whether ``remoteId`` and ``remoteDataSyncedToDate`` are accepted.
        rank: Place in the order of dependence: what it refers to has a lower one.
    """

    name: str
    title: str
    attributes: tuple[Attribute, ...]
    references: tuple[ReferenceAttribute, ...] = ()
    stock_attribute: str | None = None
    line_entity: str | None = None
    children: tuple[str, ...] = ()
    owner: str | None = None
    unique_pair: tuple[str, str] | None = None
    natural_key: tuple[str, ...] = ()
    soft_delete: Mapping[str, Any] | None = None
    takes_remote_id: bool = True
    rank: int = 0

    def attribute(self, name: str) -> Attribute | None:
        """Return the attribute of that name, or None."""
        return next((attribute for attribute in self.attributes if attribute.name == name), None)

    def reference(self, name: str) -> ReferenceAttribute | None:
        """Return the reference of that name, or None."""
        return next((reference for reference in self.references if reference.name == name), None)


def _text(name: str, *, required: bool = False, max_length: int = 255) -> Attribute:
    return Attribute(name, "text", required=required, max_length=max_length)


def _money(name: str, *, required: bool = False, integer_digits: int = 17) -> Attribute:
    return Attribute(name, "decimal", required=required, integer_digits=integer_digits)


def _flag(name: str) -> Attribute:
    return Attribute(name, "boolean")


def _zero_or_one(name: str) -> Attribute:
    return Attribute(name, "integer", minimum=0, maximum=1, fraction="reject")


def _at_least_one(name: str, *, maximum: int = LONG) -> Attribute:
    # The API takes null or a value of at least 1 here; 0 is how inventories say "none".
    return Attribute(name, "integer", minimum=1, maximum=maximum, outside="null")


_NAME = _text("name", required=True)
_SKU, _ARTICLE, _EAN = _text("skuCode"), _text("articleCode"), _text("eanCode")
_STATUS = Attribute("status", "enum", choices=("enabled", "disabled"))
_PLACED = Attribute("placed", "datetime", required=True)
_TOTAL = _money("totalValue", required=True)
_COMPLETED = Attribute("completed", "datetime")
_EXPECTED = Attribute("expectedDeliveryDate", "datetime", filled_by_server=True)
_QUANTITY = Attribute("quantity", "integer", required=True)
_SUBTOTAL = _money("subtotalValue", required=True)
_UPLIFT = ("relative", "absolute", "close_out")
_PRODUCT = ReferenceAttribute("productId", "products")
_SUPPLIER = ReferenceAttribute("supplierId", "suppliers")

_TABLE = (
    Entity(
        "suppliers",
        "Suppliers",
        (
            _NAME,
            Attribute("emails", "emails"),
            _money("minimumOrderValue"),
            _money("fixedCosts"),
            _at_least_one("deliveryTime", maximum=365),
            _at_least_one("userReplenishmentPeriod", maximum=365),
            _flag("reactingToLostSales"),
            _zero_or_one("lostSalesReaction"),
            _zero_or_one("lostSalesMovReaction"),
            _flag("backorders"),
            _zero_or_one("backorderThreshold"),
            _zero_or_one("backordersReaction"),
            Attribute("maxLoadCapacity", "number"),
            Attribute("containerVolume", "number"),
            _flag("ignored"),
            Attribute("globalLocationNumber", "text", exact_length=13, outside="null"),
            Attribute("type", "enum", choices=("vendor", "producer")),
            _text("currency"),
        ),
        natural_key=("name",),
        soft_delete=MappingProxyType({"ignored": True}),
    ),
    Entity(
        "products",
        "Products",
        (
            _NAME,
            Attribute("unlimitedStock", "boolean", required=True, default=False),
            _SKU,
            _ARTICLE,
            _EAN,
            _money("price", integer_digits=9),
            _STATUS,
            _flag("assembled"),
            _flag("notBeingBought"),
            # Peers disagree on this one's type; a date-time is the most plausible, so anything else is left out.
            Attribute("resumingPurchase", "datetime", outside="null"),
            Attribute("minimumStock", "number"),
            Attribute("maximumStock", "number"),
            _flag("ignored"),
            Attribute("manualServiceLevel", "number"),
            Attribute("createdAtRemote", "datetime"),
            _text("stockMeasurementUnit", max_length=10),
        ),
        stock_attribute="stockLevel",
        children=("supplierProducts", "productCompositions"),
        natural_key=("name", "skuCode"),
        soft_delete=MappingProxyType({"status": "disabled"}),
    ),
    Entity(
        "supplierProducts",
        "SupplierProducts",
        (
            _NAME,
            _SKU,
            _EAN,
            _ARTICLE,
            _money("price"),
            _at_least_one("minimumPurchaseQuantity"),
            Attribute("lotSize", "integer", minimum=1, outside="null", fraction="null"),
            _flag("availability"),
            Attribute("availabilityDate", "datetime"),
            _flag("preferred"),
            _at_least_one("deliveryTime"),
            _STATUS,
            Attribute("freeStock", "integer", minimum=0, outside="null"),
            _money("weight"),
            _money("volume"),
            _money("costPrice"),
            _money("discountPrice"),
            _money("secondaryCurrencyPrice"),
            Attribute("economicOrderQuantity", "integer"),
        ),
        references=(_PRODUCT, _SUPPLIER),
        owner="productId",
        unique_pair=("supplierId", "productId"),
        natural_key=("supplierId", "productId"),
        soft_delete=MappingProxyType({"status": "disabled"}),
    ),
    Entity(
        "productCompositions",
        "ProductCompositions",
        (
            Attribute("partQuantity", "integer", required=True, minimum=1, fraction="reject"),
            Attribute("batchQuantity", "integer"),
        ),
        references=(
            ReferenceAttribute("composedProductId", "products"),
            ReferenceAttribute("partProductId", "products"),
        ),
        owner="composedProductId",
        unique_pair=("composedProductId", "partProductId"),
        natural_key=("composedProductId", "partProductId"),
    ),
    Entity(
        "sellOrders",
        "SellOrders",
        (_PLACED, _TOTAL, _COMPLETED),
        line_entity="sellOrderLines",
        children=("sellOrderLines",),
        natural_key=("placed", "totalValue"),
    ),
    Entity(
        "sellOrderLines",
        "SellOrderLines",
        (_QUANTITY, _SUBTOTAL, Attribute("placed", "datetime")),
        references=(_PRODUCT, ReferenceAttribute("sellOrderId", "sellOrders")),
        owner="sellOrderId",
        natural_key=("sellOrderId", "productId"),
        # No evidence that remoteId is taken here: only one writer's model has it, and it is never seen on reading.
        takes_remote_id=False,
    ),
    Entity(
        "buyOrders",
        "BuyOrders",
        (_PLACED, _TOTAL, _COMPLETED, _EXPECTED, _flag("assembly")),
        references=(_SUPPLIER,),
        line_entity="buyOrderLines",
        children=("buyOrderLines", "receiptLines"),
        natural_key=("supplierId", "placed", "totalValue"),
    ),
    Entity(
        "buyOrderLines",
        "BuyOrderLines",
        (_QUANTITY, _SUBTOTAL, _EXPECTED),
        references=(_PRODUCT, ReferenceAttribute("buyOrderId", "buyOrders")),
        owner="buyOrderId",
        natural_key=("buyOrderId", "productId"),
    ),
    Entity(
        "receiptLines",
        "ReceiptLines",
        (
            Attribute("occurred", "datetime", required=True),
            Attribute("quantity", "integer", required=True, minimum=1),
        ),
        references=(ReferenceAttribute("buyOrderLineId", "buyOrderLines"),),
        owner="buyOrderLineId",
        natural_key=("buyOrderLineId", "occurred", "quantity"),
    ),
    Entity(
        "promotions",
        "Promotions",
        (
            _NAME,
            Attribute("startDate", "datetime", required=True),
            Attribute("endDate", "datetime", required=True),
            # Writers disagree whether these three are required; a default satisfies both.
            Attribute("entireShop", "boolean", required=True, default=False),
            Attribute("enabled", "boolean", required=True, default=True),
            Attribute("upliftType", "enum", required=True, default="relative", choices=_UPLIFT),
            Attribute("upliftIncrease", "number"),
        ),
        natural_key=("name", "startDate", "endDate"),
        takes_remote_id=False,
    ),
    Entity(
        "promotionProducts",
        "PromotionProducts",
        (
            Attribute("specificUpliftType", "enum", choices=_UPLIFT),
            Attribute("specificUpliftIncrease", "number"),
        ),
        references=(ReferenceAttribute("promotionId", "promotions"), _PRODUCT),
        owner="promotionId",
        natural_key=("promotionId", "productId"),
        takes_remote_id=False,
    ),
)


ENTITIES: Mapping[str, Entity] = MappingProxyType(
    {entity.name: replace(entity, rank=rank) for rank, entity in enumerate(_TABLE)}
)
"""The eleven entities by resource type, in the order of dependence."""


def squeeze(name: str) -> str:
    """Return a name without case, underscores and hyphens: ``sell_order_lines`` and ``SellOrderLines`` are one."""
    return name.replace("_", "").replace("-", "").lower()


_BY_SPELLING = {squeeze(name): entity for name, entity in ENTITIES.items()}


def entity_of(stream_name: str) -> Entity | None:
    """Return the entity that a stream is named after, in any spelling, or None."""
    return _BY_SPELLING.get(squeeze(stream_name))
