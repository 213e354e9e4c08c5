"""What a network costs and is worth."""
