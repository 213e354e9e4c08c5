"""How a sequence policy reads any space: bidirectional over layers, recurrent over answers."""
