"""The review page and its API: records what a person decides; it never talks to Salesforce."""
