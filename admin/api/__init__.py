"""The JSON API: what a Salesforce Flow or a CI job calls, through the same actions as the pages."""
