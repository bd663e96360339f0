"""The standard objects, as far as the sync, the Salesforce CLI and simple-salesforce need them.

Names, types and lengths: Salesforce's object reference and recorded describes.
"""

from __future__ import annotations

from typing import Any

from simulator.schema.model import Field, SObject


def text(name: str, length: int, label: str = "", **more: Any) -> Field:
    return Field(name, more.pop("type", "string"), label or label_of(name), length, **more)


def flag(name: str, label: str = "", **more: Any) -> Field:
    return Field(name, "boolean", label or label_of(name), nillable=False, default=False, **more)


def lookup(name: str, target: str, relationship: str, label: str = "", **more: Any) -> Field:
    return Field(
        name,
        "reference",
        label or label_of(name),
        18,
        reference_to=(target,),
        relationship=relationship,
        **more,
    )


def system(name: str, kind: str, label: str, **more: Any) -> Field:
    return Field(name, kind, label, nillable=False, createable=False, updateable=False, **more)


def label_of(name: str) -> str:
    return "".join(f" {c}" if c.isupper() else c for c in name).strip()


def record_id(label: str) -> Field:
    return system("Id", "id", label, length=18)


def audit() -> tuple[Field, ...]:
    """The fields by which a change is dated and signed."""
    person = {"length": 18, "reference_to": ("User",)}
    return (
        system("CreatedDate", "datetime", "Created Date"),
        system("CreatedById", "reference", "Created By ID", relationship="CreatedBy", **person),
        system("LastModifiedDate", "datetime", "Last Modified Date"),
        system(
            "LastModifiedById",
            "reference",
            "Last Modified By ID",
            relationship="LastModifiedBy",
            **person,
        ),
        system("SystemModstamp", "datetime", "System Modstamp"),
    )


USER_TYPES = (
    "Standard",
    "PowerPartner",
    "PowerCustomerSuccess",
    "CustomerSuccess",
    "Guest",
    "CsnOnly",
    "AutomatedProcess",
    "CloudIntegrationUser",
    "SelfService",
    "CspLitePortal",
)
ADDRESS = (
    text("Street", 255, type="textarea", compound="Address"),
    text("City", 40, compound="Address"),
    text("State", 80, "State/Province", compound="Address"),
    text("PostalCode", 20, "Zip/Postal Code", compound="Address"),
    text("Country", 80, compound="Address"),
    Field("Latitude", "double", "Latitude", precision=18, scale=15, compound="Address"),
    Field("Longitude", "double", "Longitude", precision=18, scale=15, compound="Address"),
    Field("Address", "address", "Address", createable=False, updateable=False),
)
FULL_NAME = 'IF(ISBLANK(FirstName), LastName, FirstName & " " & LastName)'

USER = SObject(
    "User",
    "User",
    "Users",
    "005",
    setup=True,
    fields=(
        record_id("User ID"),
        text("Username", 80, nillable=False, unique=True, lookup_key=True),
        text("LastName", 80, "Last Name", nillable=False),
        text("FirstName", 40, "First Name"),
        text(
            "Name",
            121,
            "Full Name",
            name_field=True,
            createable=False,
            updateable=False,
            formula=FULL_NAME,
        ),
        text("CompanyName", 80, "Company Name"),
        text("Division", 80),
        text("Department", 80),
        text("Title", 80),
        *ADDRESS,
        text("Email", 128, nillable=False, type="email"),
        text("Phone", 40, type="phone"),
        text("MobilePhone", 40, "Mobile", type="phone"),
        text("Alias", 8, nillable=False),
        text("CommunityNickname", 40, "Nickname", nillable=False, unique=True),
        flag("IsActive", "Active"),
        lookup("UserRoleId", "UserRole", "UserRole", "Role ID", child_relationship="Users"),
        lookup("ProfileId", "Profile", "Profile", "Profile ID", child_relationship="Users"),
        text(
            "UserType",
            40,
            "User Type",
            type="picklist",
            picklist=USER_TYPES,
            createable=False,
            updateable=False,
        ),
        text("TimeZoneSidKey", 40, "Time Zone", nillable=False, type="picklist"),
        text("LocaleSidKey", 40, "Locale", nillable=False, type="picklist"),
        text("LanguageLocaleKey", 40, "Language", nillable=False, type="picklist"),
        text("EmailEncodingKey", 40, "Email Encoding", nillable=False, type="picklist"),
        text("EmployeeNumber", 20, "Employee Number"),
        text("FederationIdentifier", 512, "SAML Federation ID"),
        lookup("ManagerId", "User", "Manager", "Manager ID", child_relationship="ManagedUsers"),
        Field("LastLoginDate", "datetime", "Last Login", createable=False, updateable=False),
        *audit(),
    ),
)

PROFILE = SObject(
    "Profile",
    "Profile",
    "Profiles",
    "00e",
    setup=True,
    createable=False,
    updateable=False,
    fields=(
        record_id("Profile ID"),
        text("Name", 255, name_field=True, nillable=False),
        text("UserType", 40, "User Type", type="picklist", picklist=USER_TYPES),
        *audit(),
    ),
)

USER_ROLE = SObject(
    "UserRole",
    "Role",
    "Roles",
    "00E",
    setup=True,
    createable=False,
    updateable=False,
    fields=(
        record_id("Role ID"),
        text("Name", 80, name_field=True, nillable=False),
        text("DeveloperName", 80, "Developer Name"),
        lookup("ParentRoleId", "UserRole", "ParentRole", "Parent Role ID"),
        *audit(),
    ),
)

ORGANIZATION = SObject(
    "Organization",
    "Organization",
    "Organizations",
    "00D",
    setup=True,
    createable=False,
    updateable=False,
    fields=(
        record_id("Organization ID"),
        text("Name", 80, name_field=True, nillable=False),
        text("InstanceName", 5, "Instance Name"),
        flag("IsSandbox", "Is Sandbox"),
        text("OrganizationType", 40, "Edition", type="picklist"),
        text("NamespacePrefix", 15, "Namespace Prefix"),
        text("LanguageLocaleKey", 40, "Language", type="picklist"),
        text("TimeZoneSidKey", 40, "Time Zone", type="picklist"),
        Field("TrialExpirationDate", "datetime", "Trial Expiration Date"),
        *audit(),
    ),
)

STANDARD_OBJECTS = (USER, PROFILE, USER_ROLE, ORGANIZATION)
