"""The faults: one module a family. An action begins one; ledger, keeper and watchdog see to its end."""
