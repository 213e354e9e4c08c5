"""What an architecture, a search and a record are: frozen data, without torch."""
