"""What operators see: nights, failures, upkeep, the audit trail."""
