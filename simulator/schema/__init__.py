"""What the org's objects are: standard ones from here, custom fields from `sfdx/`."""
