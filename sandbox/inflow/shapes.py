"""The shapes of the API's rows, as a table of the relations that can be included in each."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Relation:
    """A property that only appears when it is included.

    Attributes:
        shape: The shape of what it holds.
        many: Whether it is a list.
        collection: Where its rows stand, if not in the row itself.
        field: With a collection: the field of the row that holds the key there, or for a list, the field of the rows
            there that holds the key of this row.
        through: Where the rows are not the collection's own but those of one of its relations: that relation.
    """

    shape: str
    many: bool = False
    collection: str = ""
    field: str = ""
    through: str = ""

    @property
    def owned(self) -> bool:
        """Whether it is stored with the row."""
        return not self.collection


def _list(shape: str) -> Relation:
    return Relation(shape, many=True)


def _one(shape: str, collection: str, key: str) -> Relation:
    return Relation(shape, collection=collection, field=key)


_PRODUCT = _one("Product", "products", "productId")
_LOCATION = _one("Location", "locations", "locationId")
_CURRENCY = _one("Currency", "currencies", "currencyId")
_MODIFIER = _one("TeamMember", "team-members", "lastModifiedById")
_ASSIGNEE = _one("TeamMember", "team-members", "assignedToTeamMemberId")
_TAXING_SCHEME = _one("TaxingScheme", "taxing-schemes", "taxingSchemeId")
_TAX_CODE = _one("TaxCode", "tax-codes", "taxCodeId")
_PRICING_SCHEME = _one("PricingScheme", "pricing-schemes", "pricingSchemeId")
_CUSTOMER = _one("Customer", "customers", "customerId")
_VENDOR = _one("Vendor", "vendors", "vendorId")
_OPERATION_TYPE = _one("OperationType", "operation-types", "operationTypeId")
_PAYMENT_TERMS = _one("PaymentTerms", "payment-terms", "paymentTermsId")
_DEFAULT_TERMS = _one("PaymentTerms", "payment-terms", "defaultPaymentTermsId")
_ATTACHMENTS = _list("Attachment")
_LINE = {"product": _PRODUCT, "taxCode": _TAX_CODE}
_MOVE = {"product": _PRODUCT, "location": _LOCATION}

RELATIONS: dict[str, dict[str, Relation]] = {
    "Product": {
        "attachments": _ATTACHMENTS,
        "category": _one("Category", "categories", "categoryId"),
        "cost": Relation("ProductCost"),
        "defaultImage": Relation("Image"),
        "defaultPrice": Relation("ProductPrice"),
        "images": _list("Image"),
        "inventoryLines": _list("InventoryLine"),
        "itemBoms": _list("ItemBom"),
        "lastModifiedBy": _MODIFIER,
        "lastVendor": _one("Vendor", "vendors", "lastVendorId"),
        "prices": _list("ProductPrice"),
        "productBarcodes": _list("ProductBarcode"),
        "productOperations": _list("ProductOperation"),
        "reorderSettings": _list("ReorderSettings"),
        "taxCodes": _list("ProductTaxCode"),
        "vendorItems": _list("VendorItem"),
    },
    "InventoryLine": _MOVE,
    "ProductPrice": {"pricingScheme": _PRICING_SCHEME, "product": _PRODUCT},
    "VendorItem": {"product": _PRODUCT, "vendor": _VENDOR},
    "ProductBarcode": {"product": _PRODUCT},
    "ItemBom": {"childProduct": _one("Product", "products", "childProductId"), "product": _PRODUCT},
    "ReorderSettings": {
        "fromLocation": _one("Location", "locations", "fromLocationId"),
        "location": _LOCATION,
        "product": _PRODUCT,
        "vendor": _VENDOR,
    },
    "ProductCost": {"product": _PRODUCT},
    "ProductTaxCode": {"product": _PRODUCT, "taxCode": _TAX_CODE, "taxingScheme": _TAXING_SCHEME},
    "ProductOperation": {"operationType": _OPERATION_TYPE, "product": _PRODUCT},
    "Attachment": {"lastModifiedBy": _MODIFIER},
    "Customer": {
        "addresses": _list("CustomerAddress"),
        "attachments": _ATTACHMENTS,
        "balances": _list("CustomerBalance"),
        "credits": _list("CustomerCredit"),
        "defaultBillingAddress": Relation("CustomerAddress"),
        "defaultLocation": _one("Location", "locations", "defaultLocationId"),
        "defaultPaymentTerms": _DEFAULT_TERMS,
        "defaultSalesRepTeamMember": _one("TeamMember", "team-members", "defaultSalesRepTeamMemberId"),
        "defaultShippingAddress": Relation("CustomerAddress"),
        "dues": _list("CustomerDue"),
        "lastModifiedBy": _MODIFIER,
        "orderHistory": Relation("CustomerOrderHistory"),
        "pricingScheme": _PRICING_SCHEME,
        "taxingScheme": _TAXING_SCHEME,
    },
    "CustomerAddress": {"customer": _CUSTOMER},
    "CustomerBalance": {"currency": _CURRENCY, "customer": _CUSTOMER},
    "CustomerCredit": {"currency": _CURRENCY, "customer": _CUSTOMER},
    "CustomerDue": {"currency": _CURRENCY},
    "Vendor": {
        "addresses": _list("VendorAddress"),
        "attachments": _ATTACHMENTS,
        "balances": _list("VendorBalance"),
        "credits": _list("VendorCredit"),
        "currency": _CURRENCY,
        "defaultAddress": Relation("VendorAddress"),
        "defaultPaymentTerms": _DEFAULT_TERMS,
        "dues": _list("VendorDue"),
        "lastModifiedBy": _MODIFIER,
        "taxingScheme": _TAXING_SCHEME,
        "vendorItems": Relation("VendorItem", True, "products", "vendorId", "vendorItems"),
    },
    "VendorAddress": {"vendor": _VENDOR},
    "VendorBalance": {"currency": _CURRENCY, "vendor": _VENDOR},
    "VendorCredit": {"currency": _CURRENCY, "vendor": _VENDOR},
    "VendorDue": {"currency": _CURRENCY},
    "SalesOrder": {
        "assignedToTeamMember": _ASSIGNEE,
        "attachments": _ATTACHMENTS,
        "confirmerTeamMember": _one("TeamMember", "team-members", "confirmerTeamMemberId"),
        "costOfGoodsSold": Relation("SalesOrderCostOfGoodsSold"),
        "currency": _CURRENCY,
        "customer": _CUSTOMER,
        "lastModifiedBy": _MODIFIER,
        "lines": _list("SalesOrderLine"),
        "location": _LOCATION,
        "packLines": _list("SalesOrderPackLine"),
        "paymentLines": _list("SalesOrderPaymentHistoryLine"),
        "paymentTerms": _PAYMENT_TERMS,
        "pickLines": _list("SalesOrderPickLine"),
        "pricingScheme": _PRICING_SCHEME,
        "restockLines": _list("SalesOrderRestockLine"),
        "salesRepTeamMember": _one("TeamMember", "team-members", "salesRepTeamMemberId"),
        "shipLines": _list("SalesOrderShipLine"),
        "taxingScheme": _TAXING_SCHEME,
    },
    "SalesOrderLine": _LINE,
    "SalesOrderPickLine": _MOVE,
    "SalesOrderPackLine": {"product": _PRODUCT},
    "SalesOrderRestockLine": _MOVE,
    "SalesOrderCostOfGoodsSold": {"salesOrder": _one("SalesOrder", "sales-orders", "salesOrderId")},
    "PurchaseOrder": {
        "approverTeamMember": _one("TeamMember", "team-members", "approverTeamMemberId"),
        "assignedToTeamMember": _ASSIGNEE,
        "attachments": _ATTACHMENTS,
        "currency": _CURRENCY,
        "lastModifiedBy": _MODIFIER,
        "lines": _list("PurchaseOrderLine"),
        "location": _LOCATION,
        "paymentLines": _list("PurchaseOrderPaymentHistoryLine"),
        "paymentTerms": _PAYMENT_TERMS,
        "receiveLines": _list("PurchaseOrderReceiveLine"),
        "taxingScheme": _TAXING_SCHEME,
        "unstockLines": _list("PurchaseOrderUnstockLine"),
        "vendor": _VENDOR,
    },
    "PurchaseOrderLine": _LINE,
    "PurchaseOrderReceiveLine": _MOVE,
    "PurchaseOrderUnstockLine": _MOVE,
    "ManufacturingOrder": {
        "assignedToTeamMember": _ASSIGNEE,
        "attachments": _ATTACHMENTS,
        "currency": _CURRENCY,
        "lastModifiedBy": _MODIFIER,
        "lines": _list("ManufacturingOrderLine"),
        "location": _LOCATION,
        "pickLines": _list("ManufacturingOrderPickLine"),
        "pickMatchings": _list("ManufacturingOrderPickMatching"),
        "primaryFinishedProduct": _one("Product", "products", "primaryFinishedProductId"),
        "putLines": _list("ManufacturingOrderPutLine"),
    },
    "ManufacturingOrderLine": {
        "manufacturingOrderLines": _list("ManufacturingOrderLine"),
        "manufacturingOrderOperations": _list("ManufacturingOrderOperation"),
        "parentManufacturingOrderLine": Relation("ManufacturingOrderLine"),
        "product": _PRODUCT,
    },
    "ManufacturingOrderOperation": {"operationType": _OPERATION_TYPE},
    "ManufacturingOrderPickLine": _MOVE,
    "ManufacturingOrderPutLine": _MOVE,
    "ManufacturingOrderPickMatching": {
        "lastModifiedBy": _MODIFIER,
        "manufacturingOrder": _one("ManufacturingOrder", "manufacturing-orders", "manufacturingOrderId"),
        "manufacturingOrderLine": Relation("ManufacturingOrderLine"),
        "manufacturingOrderPickLine": Relation("ManufacturingOrderPickLine"),
    },
    "StockAdjustment": {
        "adjustmentReason": _one("AdjustmentReason", "adjustment-reasons", "adjustmentReasonId"),
        "attachments": _ATTACHMENTS,
        "lastModifiedBy": _MODIFIER,
        "lines": _list("StockAdjustmentLine"),
        "location": _LOCATION,
    },
    "StockAdjustmentLine": {"product": _PRODUCT},
    "StockTransfer": {
        "assignedToTeamMember": _ASSIGNEE,
        "attachments": _ATTACHMENTS,
        "fromLocation": _one("Location", "locations", "fromLocationId"),
        "lastModifiedBy": _MODIFIER,
        "lines": _list("StockTransferLine"),
        "toLocation": _one("Location", "locations", "toLocationId"),
    },
    "StockTransferLine": {"product": _PRODUCT},
    "StockCount": {
        "assignedToTeamMember": _ASSIGNEE,
        "attachments": _ATTACHMENTS,
        "lastModifiedBy": _MODIFIER,
        "location": _LOCATION,
        "sheets": _list("CountSheet"),
    },
    "CountSheet": {
        "assignedToTeamMember": _ASSIGNEE,
        "lastModifiedBy": _MODIFIER,
        "lines": _list("CountSheetLine"),
        "stockCount": _one("StockCount", "stock-counts", "stockCountId"),
    },
    "CountSheetLine": {"product": _PRODUCT},
    "ProductCostAdjustment": {"lastModifiedBy": _MODIFIER, "product": _PRODUCT},
    "Category": {"parentCategory": _one("Category", "categories", "parentCategoryId")},
    "PricingScheme": {
        "currency": _CURRENCY,
        "productPrices": Relation("ProductPrice", True, "products", "pricingSchemeId", "prices"),
    },
    "TaxingScheme": {
        "defaultTaxCode": _one("TaxCode", "tax-codes", "defaultTaxCodeId"),
        "taxCodes": Relation("TaxCode", True, "tax-codes", "taxingSchemeId"),
    },
    "TaxCode": {"taxingScheme": _TAXING_SCHEME},
    "Currency": {"currencyConversions": _list("CurrencyConversion")},
    "CurrencyConversion": {"currency": _CURRENCY},
    "CustomFieldDefinition": {"category": _one("Category", "categories", "categoryId")},
}

#: Owned relations that hold one row of an owned list, with the list and the key field of its rows.
PICKS: dict[str, dict[str, tuple[str, str]]] = {
    "Product": {"defaultPrice": ("prices", "productPriceId"), "defaultImage": ("images", "imageId")},
    "Customer": {
        "defaultBillingAddress": ("addresses", "customerAddressId"),
        "defaultShippingAddress": ("addresses", "customerAddressId"),
    },
    "Vendor": {"defaultAddress": ("addresses", "vendorAddressId")},
}

#: Shapes whose rows have no rowversion.
UNVERSIONED = frozenset(
    {
        "",
        "AdjustmentReason",
        "Attachment",
        "CustomFieldDefinition",
        "CustomerBalance",
        "CustomerCredit",
        "CustomerDue",
        "CustomerOrderHistory",
        "Image",
        "ProductCost",
        "SalesOrderCostOfGoodsSold",
        "TeamMember",
        "VendorBalance",
        "VendorCredit",
        "VendorDue",
    }
)
