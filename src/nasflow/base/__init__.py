"""What every room uses: errors, documents, seeds."""
