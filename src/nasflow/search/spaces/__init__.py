"""What a search may change, as questions."""
