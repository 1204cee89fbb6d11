"""Fields and types of the objects that the simulated org offers, as its describe call tells them."""

from __future__ import annotations

from decimal import Decimal

_SYSTEM = "Id:id IsDeleted:boolean CreatedDate:datetime LastModifiedDate:datetime SystemModstamp:datetime"
_OWNED = "OwnerId:reference CreatedById:reference LastModifiedById:reference"
_OBJECTS = {
    "Account": f"""{_SYSTEM} {_OWNED} Name:string AccountNumber:string ParentId:reference MasterRecordId:reference
        Type:picklist BillingStreet:textarea BillingPostalCode:string BillingCity:string BillingCountry:string
        Website:url Industry:picklist CurrencyIsoCode:picklist Tax_Id__c:string
        Payment_Terms__c:picklist Legal_Entity__c:picklist Billing_Account_Id__c:string ERP_Customer_Id__c:string""",
    "Product2": f"""{_SYSTEM} {_OWNED} ProductCode:string Name:string Description:textarea IsActive:boolean
        IsArchived:boolean Family:picklist Revenue_Class__c:picklist""",
    "Pricebook2": f"{_SYSTEM} {_OWNED} Name:string IsActive:boolean IsStandard:boolean Description:string",
    "PricebookEntry": f"""{_SYSTEM} {_OWNED} Pricebook2Id:reference Product2Id:reference UnitPrice:currency
        IsActive:boolean UseStandardPrice:boolean CurrencyIsoCode:picklist""",
    "Opportunity": f"""{_SYSTEM} {_OWNED} AccountId:reference Name:string StageName:picklist IsClosed:boolean
        IsWon:boolean Amount:currency CloseDate:date Type:picklist Probability:percent CurrencyIsoCode:picklist
        Opportunity_Number__c:string""",
    "OpportunityHistory": f"""{_SYSTEM} OpportunityId:reference StageName:picklist Amount:currency CloseDate:date
        Probability:percent CurrencyIsoCode:picklist""",
    "OpportunityLineItem": f"""{_SYSTEM} OpportunityId:reference Product2Id:reference PricebookEntryId:reference
        Quantity:double UnitPrice:currency TotalPrice:currency ServiceDate:date""",
    "Order": f"""{_SYSTEM} {_OWNED} OrderNumber:string AccountId:reference OpportunityId:reference
        Pricebook2Id:reference Status:picklist StatusCode:picklist EffectiveDate:date EndDate:date
        ActivatedDate:datetime TotalAmount:currency CurrencyIsoCode:picklist OriginalOrderId:reference
        IsReductionOrder:boolean Legal_Entity__c:picklist Amendment_Kind__c:picklist
        Billing_Subscription_Id__c:string Billing_Status__c:picklist Invoice_Status__c:picklist Payment_Status__c:picklist
        Exception_Reason__c:string""",
    "OrderItem": f"""{_SYSTEM} OrderId:reference OrderItemNumber:string Product2Id:reference
        PricebookEntryId:reference Quantity:double UnitPrice:currency ListPrice:currency TotalPrice:currency
        ServiceDate:date EndDate:date OriginalOrderItemId:reference Description:string Discount_Percent__c:percent
        Discount_Start__c:date Discount_End__c:date
        Billing_Frequency__c:picklist Billing_Timing__c:picklist Billing_Anchor__c:picklist
        Price_Period__c:picklist Charge_Type__c:picklist Ramp_Segment__c:double Usage_Tiers__c:textarea
        Billing_Subscription_Item_Id__c:string Allocated_Amount__c:currency""",
    "CurrencyType": f"{_SYSTEM} IsoCode:picklist ConversionRate:double DecimalPlaces:int IsActive:boolean IsCorporate:boolean",
}
KEY_PREFIX = {
    "Account": "001", "Product2": "01t", "Pricebook2": "01s", "PricebookEntry": "01u", "Opportunity": "006",
    "OpportunityHistory": "008", "OpportunityLineItem": "00k", "Order": "801", "OrderItem": "802", "CurrencyType": "01L",
}  # fmt: skip
EXTERNAL_IDS = {
    "Account": {"ERP_Customer_Id__c", "Billing_Account_Id__c"},
    "Opportunity": {"Opportunity_Number__c"},
    "Order": {"Billing_Subscription_Id__c"},
    "OrderItem": {"Billing_Subscription_Item_Id__c"},
}
"""Fields that an upsert may address; only the account's and the opportunity's are declared unique."""

UNIQUE = {"ERP_Customer_Id__c", "Billing_Account_Id__c", "Opportunity_Number__c"}
READ_ONLY = {"Id", "IsDeleted", "CreatedDate", "LastModifiedDate", "SystemModstamp", "TotalAmount"}
NUMBERS = {"double", "currency", "percent"}
CURRENCIES = {"USD": Decimal(1), "EUR": Decimal("0.92"), "GBP": Decimal("0.79"), "JPY": Decimal("151.5")}
"""Static rates of the org: units of the currency for one unit of corporate currency, which is the first."""


def _parse(text: str) -> dict[str, str]:
    return dict(part.split(":") for part in text.split())


OBJECTS: dict[str, dict[str, str]] = {name: _parse(text) for name, text in _OBJECTS.items()}
"""Object name -> field name -> Salesforce field type."""


def describe_field(object_name: str, name: str, kind: str) -> dict[str, object]:
    """One entry of a describe reply's `fields`."""
    return {
        "name": name,
        "label": name.removesuffix("__c").replace("_", " "),
        "type": kind,
        "custom": name.endswith("__c"),
        "externalId": name in EXTERNAL_IDS.get(object_name, ()),
        "unique": name in UNIQUE,
        "idLookup": name == "Id" or name in EXTERNAL_IDS.get(object_name, ()),
        "nillable": name != "Id",
        "createable": name not in READ_ONLY,
        "updateable": name not in READ_ONLY,
        "scale": 2 if kind in NUMBERS else 0,
        "precision": 18 if kind in NUMBERS else 0,
    }
