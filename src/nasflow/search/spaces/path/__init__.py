"""The path space: tree-structured cells, grown by questions."""
