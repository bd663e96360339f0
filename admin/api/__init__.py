"""The JSON API: what a Salesforce Flow or a CI job calls. It can do what the pages can do."""
