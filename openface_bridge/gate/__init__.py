"""The gate: results of a parity run in, a decision out. It needs neither models nor pictures."""
