"""Formula fields: the part of Salesforce's formula language that `sfdx/` uses."""

from simulator.formula.compiler import Formula, FormulaError, compile_formula

__all__ = ["Formula", "FormulaError", "compile_formula"]
