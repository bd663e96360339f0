"""`/limits` and `/limits/recordCount`. Names and maxima: recorded in May 2026."""

from __future__ import annotations

from typing import Any

from simulator.bulk.allotments import used
from simulator.rest.call import Answer, Call

OTHERS = {
    "AnalyticsExternalDataSizeMB": 40960,
    "CdpAiInferenceApiMonthlyLimit": 500000000,
    "ConcurrentAsyncGetReportInstances": 200,
    "ConcurrentEinsteinDataInsightsStoryCreation": 5,
    "ConcurrentEinsteinDiscoveryStoryCreation": 2,
    "ConcurrentSyncReportRuns": 20,
    "ContentDistBandwidthLimitMB": 51200,
    "ContentDistViewLimit": 50000,
    "ContentPublicationLimit": 2500,
    "DailyAnalyticsDataflowJobExecutions": 60,
    "DailyAnalyticsUploadedFilesSizeMB": 51200,
    "DailyApexCursorLimit": 10000,
    "DailyApexCursorRowsLimit": 100000000,
    "DailyApexPCursorLimit": 200000,
    "DailyAsyncApexExecutions": 250000,
    "DailyAsyncApexTests": 500,
    "DailyBulkApiBatches": 15000,
    "DailyBulkV2QueryFileStorageMB": 976562,
    "DailyBulkV2QueryJobs": 10000,
    "DailyDurableGenericStreamingApiEvents": 10000,
    "DailyDurableStreamingApiEvents": 10000,
    "DailyEinsteinDataInsightsStoryCreation": 1000,
    "DailyEinsteinDiscoveryOptimizationJobRuns": 25,
    "DailyEinsteinDiscoveryPredictAPICalls": 50000,
    "DailyEinsteinDiscoveryPredictionsByCDC": 500000,
    "DailyEinsteinDiscoveryStoryCreation": 100,
    "DailyFunctionsApiCallLimit": 50000,
    "DailyGenericStreamingApiEvents": 10000,
    "DailyMetadataRetrievesWithDependencies": 25,
    "DailyServiceEmailAgentforceCalls": 5000,
    "DailyStandardVolumePlatformEvents": 10000,
    "DailyStreamingApiEvents": 10000,
    "DailyWorkflowEmails": 8040,
    "DataStorageMB": 5,
    "DurableStreamingApiConcurrentClients": 20,
    "ExternalServicesActiveObjects": 3000,
    "ExternalServicesActiveOperations": 3000,
    "ExternalServicesObjectProperties": 400000,
    "ExternalServicesObjects": 10000,
    "ExternalServicesOperations": 10000,
    "ExternalServicesRegistrations": 700,
    "FileStorageMB": 20,
    "HourlyAsyncReportRuns": 1200,
    "HourlyDashboardRefreshes": 200,
    "HourlyDashboardResults": 5000,
    "HourlyDashboardStatuses": 999999999,
    "HourlyElevateAsyncReportRuns": 1200,
    "HourlyElevateSyncReportRuns": 500,
    "HourlyLongTermIdMapping": 100000,
    "HourlyManagedContentPublicRequests": 50000,
    "HourlyODataCallout": 1000,
    "HourlyPublishedPlatformEvents": 50000,
    "HourlyPublishedStandardVolumePlatformEvents": 1000,
    "HourlyShortTermIdMapping": 100000,
    "HourlySyncReportRuns": 500,
    "HourlyTimeBasedWorkflow": 1000,
    "MassEmail": 10,
    "MaxContentDocumentsLimit": 30000000,
    "MonthlyEinsteinDiscoveryStoryCreation": 500,
    "Package2VersionCreates": 6,
    "Package2VersionCreatesWithoutValidation": 500,
    "PermissionSets": 1500,
    "PlatformEventTriggersWithParallelProcessing": 5,
    "PrivateConnectOutboundCalloutHourlyLimitMB": 0,
    "PublishCallbackUsageInApex": 5242880,
    "ScheduledFlowRunLimit": 250000,
    "ScheduledPathRunLimit": 250000,
    "SingleEmail": 15,
    "StreamingApiConcurrentClients": 20,
}
CUSTOM_PERMISSION_SETS = {"Max": 1000, "Remaining": 1000}


def limits(call: Call) -> Answer:
    quota = call.org.quota
    remaining = max(0, quota.max - quota.used)
    found: dict[str, Any] = {"DailyApiRequests": {"Max": quota.max, "Remaining": remaining}}
    bulk, events = used(call.org), call.org.events.deliveries
    found |= {
        name: {"Max": most, "Remaining": max(0, most - bulk.get(name, 0))}
        for name, most in OTHERS.items()
    }
    found["DailyDeliveredPlatformEvents"] = {"Max": events.max, "Remaining": events.left}
    found["PermissionSets"] |= {"CreateCustom": CUSTOM_PERMISSION_SETS}  # one within another
    return Answer(body=dict(sorted(found.items())))


def record_count(call: Call) -> Answer:
    """Objects without rows are left out (recorded)."""
    asked = call.params.get("sObjects")
    names = asked.split(",") if asked else list(call.org.schema.objects)
    found = [o for name in names if (o := call.org.schema.object(name.strip()))]
    counts = [
        (o.name, call.org.db.execute(f"SELECT count(*) FROM {o.table}").fetchone()[0])
        for o in found
    ]
    return Answer(
        body={"sObjects": [{"count": count, "name": name} for name, count in counts if count]}
    )
