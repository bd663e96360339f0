"""SOQL: a real grammar, compiled to SQL with bound parameters."""
