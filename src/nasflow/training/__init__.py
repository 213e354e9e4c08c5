"""Data sets, the loop, evaluation, and weights as bytes: a network and a recipe in, numbers out."""
