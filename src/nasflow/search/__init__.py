"""What a search is: its configuration, its records, its ledger; frozen data, without torch."""
