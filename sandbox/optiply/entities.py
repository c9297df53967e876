"""The one table of Optiply's twelve entities: attributes, types, limits, references and what belongs together.

It follows the vendor's API notes and, where they are silent, what production clients write and read.
"""

from __future__ import annotations

from typing import Any

from sandbox.optiply.attributes import (
    Attribute,
    Entity,
    Relation,
    boolean,
    choice,
    decimal,
    instant,
    integer,
    number,
    reference,
    switch_bit,
    text,
    title,
)

STATUS = choice("status", "enabled", "disabled", default="enabled")
SYNCED = instant("remoteDataSyncedToDate")
UPLIFT = ("relative", "absolute", "close_out")


def _amount(name: str) -> Attribute:
    return decimal(name, required=True, nullable=False)


def _quantity(name: str = "quantity", **rules: Any) -> Attribute:
    return integer(name, required=True, nullable=False, **rules)


ENTITIES: dict[str, Entity] = {
    entity.name: entity
    for entity in (
        Entity(
            name="accounts",
            first_id=1380,
            attributes=(text("name"),),
            shows_origin=False,
            takes_remote_id=False,
            writable=False,
        ),
        Entity(
            name="products",
            first_id=28666283,
            attributes=(
                title(),
                integer("stockLevel", required=True, nullable=False),
                boolean("unlimitedStock", required=True, nullable=False),
                text("skuCode"),
                text("articleCode"),
                text("eanCode"),
                decimal("price", digits=9),
                STATUS,
                boolean("assembled", default=False),
                boolean("notBeingBought", default=False),
                instant("resumingPurchase"),
                number("minimumStock"),
                number("maximumStock"),
                boolean("ignored", default=False),
                number("manualServiceLevel"),
                instant("createdAtRemote"),
                text("stockMeasurementUnit", max_length=10),
                boolean("novel", readonly=True, default=True),
                text("category", readonly=True),
                SYNCED,
            ),
            shows_account=True,
            indexed=("name", "skuCode"),
            relations=(
                Relation(name="supplierProducts", entity="supplierProducts", attribute="productId"),
                Relation(name="sellOrderLines", entity="sellOrderLines", attribute="productId"),
                Relation(name="buyOrderLines", entity="buyOrderLines", attribute="productId"),
                Relation(
                    name="productComposedFromCompositions", entity="productCompositions", attribute="composedProductId"
                ),
                Relation(name="productPartOfCompositions", entity="productCompositions", attribute="partProductId"),
                Relation(name="promotionProducts", entity="promotionProducts", attribute="productId"),
            ),
        ),
        Entity(
            name="suppliers",
            first_id=778479,
            attributes=(
                title(),
                Attribute(name="emails", kind="emails"),
                decimal("minimumOrderValue"),
                decimal("fixedCosts"),
                integer("deliveryTime", minimum=1, maximum=365),
                integer("userReplenishmentPeriod", minimum=1, maximum=365),
                boolean("reactingToLostSales"),
                switch_bit("lostSalesReaction"),
                switch_bit("lostSalesMovReaction"),
                boolean("backorders"),
                switch_bit("backorderThreshold"),
                switch_bit("backordersReaction"),
                decimal("maxLoadCapacity"),
                decimal("containerVolume"),
                boolean("ignored", default=False),
                text("globalLocationNumber", min_length=13, max_length=13),
                choice("type", "vendor", "producer"),
                text("currency"),
                SYNCED,
            ),
            shows_account=True,
            indexed=("name",),
            relations=(
                Relation(name="supplierProducts", entity="supplierProducts", attribute="supplierId"),
                Relation(name="buyOrders", entity="buyOrders", attribute="supplierId"),
            ),
        ),
        Entity(
            name="supplierProducts",
            first_id=31204517,
            attributes=(
                title(),
                reference("productId", "products"),
                reference("supplierId", "suppliers"),
                text("skuCode"),
                text("eanCode"),
                text("articleCode"),
                decimal("price"),
                integer("minimumPurchaseQuantity", minimum=1),
                integer("lotSize", minimum=1),
                boolean("availability"),
                instant("availabilityDate"),
                boolean("preferred", default=False),
                integer("deliveryTime", minimum=1),
                STATUS,
                integer("freeStock", minimum=0),
                decimal("weight", tiny_places=6),
                decimal("volume", tiny_places=6),
                decimal("costPrice"),
                decimal("discountPrice"),
                decimal("secondaryCurrencyPrice"),
                integer("economicOrderQuantity"),
                boolean("notBeingBought", readonly=True, default=False),
                instant("resumingPurchase", readonly=True),
                SYNCED,
            ),
            owner="productId",
            unique=("productId", "supplierId"),
        ),
        Entity(
            name="productCompositions",
            first_id=412066,
            attributes=(
                reference("composedProductId", "products"),
                reference("partProductId", "products"),
                _quantity("partQuantity", minimum=1),
                integer("batchQuantity"),
                SYNCED,
            ),
            owner="composedProductId",
            unique=("composedProductId", "partProductId"),
        ),
        Entity(
            name="sellOrders",
            first_id=190455021,
            attributes=(
                instant("placed", required=True, nullable=False),
                _amount("totalValue"),
                instant("completed"),
                SYNCED,
            ),
            shows_account=True,
            lines=("sellOrderLines", "sellOrderId"),
            indexed=("placed",),
            relations=(Relation(name="sellOrderLines", entity="sellOrderLines", attribute="sellOrderId"),),
        ),
        Entity(
            name="sellOrderLines",
            first_id=402277310,
            attributes=(
                _quantity(),
                _amount("subtotalValue"),
                reference("productId", "products"),
                reference("sellOrderId", "sellOrders"),
                instant("placed"),
            ),
            owner="sellOrderId",
        ),
        Entity(
            name="buyOrders",
            first_id=2558903,
            attributes=(
                instant("placed", required=True, nullable=False),
                _amount("totalValue"),
                reference("supplierId", "suppliers"),
                instant("completed"),
                instant("expectedDeliveryDate"),
                boolean("assembly", default=False),
                SYNCED,
            ),
            shows_account=True,
            lines=("buyOrderLines", "buyOrderId"),
            indexed=("placed",),
            relations=(Relation(name="buyOrderLines", entity="buyOrderLines", attribute="buyOrderId"),),
        ),
        Entity(
            name="buyOrderLines",
            first_id=71768345,
            attributes=(
                _quantity(),
                _amount("subtotalValue"),
                reference("productId", "products"),
                reference("buyOrderId", "buyOrders"),
                instant("expectedDeliveryDate"),
                Attribute(name="productUuid", kind="uuid", readonly=True),
                SYNCED,
            ),
            owner="buyOrderId",
            relations=(Relation(name="receiptLines", entity="receiptLines", attribute="buyOrderLineId"),),
        ),
        Entity(
            name="receiptLines",
            first_id=55310982,
            attributes=(
                instant("occurred", required=True, nullable=False),
                _quantity(minimum=1, minimum_lifted_by="optiply_negative_receipts"),
                reference("buyOrderLineId", "buyOrderLines"),
                SYNCED,
            ),
            owner="buyOrderLineId",
        ),
        Entity(
            name="promotions",
            first_id=9120,
            attributes=(
                title(),
                instant("startDate", required=True, nullable=False),
                instant("endDate", required=True, nullable=False),
                boolean("entireShop", required=True, nullable=False, default=False),
                boolean("enabled", required=True, nullable=False, default=True),
                choice("upliftType", *UPLIFT, required=True, nullable=False, default="relative"),
                number("upliftIncrease"),
                integer("productCount", readonly=True, default=0),
            ),
            shows_account=True,
            shows_origin=False,
            takes_remote_id=False,
            indexed=("name",),
            relations=(Relation(name="promotionProducts", entity="promotionProducts", attribute="promotionId"),),
        ),
        Entity(
            name="promotionProducts",
            first_id=87411,
            attributes=(
                reference("promotionId", "promotions"),
                reference("productId", "products"),
                choice("specificUpliftType", *UPLIFT),
                number("specificUpliftIncrease"),
            ),
            owner="promotionId",
            unique=("promotionId", "productId"),
            shows_origin=False,
            takes_remote_id=False,
        ),
    )
}

#: Entities whose ``remoteIdMap`` production readers have seen; for buyOrders only an older one has.
REMOTE_MAP_PROVEN = frozenset({"products", "suppliers", "supplierProducts", "sellOrders"})
REMOTE_MAP_EVIDENCED = REMOTE_MAP_PROVEN | {"buyOrders"}

#: What a DELETE takes along without any doubt: (parent, child, the child's reference).
CASCADES_PROVEN = (
    ("buyOrders", "buyOrderLines", "buyOrderId"),
    ("buyOrderLines", "receiptLines", "buyOrderLineId"),
    ("sellOrders", "sellOrderLines", "sellOrderId"),
)
#: What it may take along.
CASCADES_POSSIBLE = (
    ("products", "supplierProducts", "productId"),
    ("products", "productCompositions", "composedProductId"),
    ("products", "productCompositions", "partProductId"),
    ("products", "promotionProducts", "productId"),
    ("suppliers", "supplierProducts", "supplierId"),
    ("promotions", "promotionProducts", "promotionId"),
)
