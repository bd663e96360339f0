"""The fields of UserChangeEvent, in the order that the guide's sample shows.

All of them are in the schema, so that positions are those of a real org; what this org does not
have is always null. The types of what it does not have are unconfirmed, above all that of the
three lists.
"""

from __future__ import annotations

from typing import Any

STRINGS: dict[str, Any] = {"type": "array", "items": "string"}
ORDER: dict[str, Any] = {
    "Username": "string",
    "Name": None,
    "CompanyName": "string",
    "Division": "string",
    "Department": "string",
    "Title": "string",
    "Address": None,
    "Email": "string",
    "EmailPreferences": STRINGS,
    "SenderEmail": "string",
    "SenderName": "string",
    "Signature": "string",
    "StayInTouchSubject": "string",
    "StayInTouchSignature": "string",
    "StayInTouchNote": "string",
    "Phone": "string",
    "Fax": "string",
    "MobilePhone": "string",
    "Alias": "string",
    "CommunityNickname": "string",
    "IsActive": "boolean",
    "IsSystemControlled": "boolean",
    "TimeZoneSidKey": "string",
    "UserRoleId": "string",
    "LocaleSidKey": "string",
    "ReceivesInfoEmails": "boolean",
    "ReceivesAdminInfoEmails": "boolean",
    "EmailEncodingKey": "string",
    "ProfileId": "string",
    "UserType": "string",
    "UserSubtype": "string",
    "LanguageLocaleKey": "string",
    "EmployeeNumber": "string",
    "DelegatedApproverId": "string",
    "ManagerId": "string",
    "LastLoginDate": "long",
    "LastPasswordChangeDate": "long",
    "CreatedDate": "long",
    "CreatedById": "string",
    "LastModifiedDate": "long",
    "LastModifiedById": "string",
    "NumberOfFailedLogins": "int",
    "OfflineTrialExpirationDate": "long",
    "OfflinePdaTrialExpirationDate": "long",
    "UserPermissions": STRINGS,
    "ForecastEnabled": "boolean",
    "UserPreferences": STRINGS,
    "ContactId": "string",
    "AccountId": "string",
    "CallCenterId": "string",
    "Extension": "string",
    "FederationIdentifier": "string",
    "AboutMe": "string",
    "DigestFrequency": "string",
    "DefaultGroupNotificationFrequency": "string",
    "JigsawImportLimitOverride": "int",
    "WorkspaceId": "string",
    "IsProfilePhotoActive": "boolean",
    "IndividualId": "string",
}
