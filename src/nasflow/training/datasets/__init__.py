"""The images: one file a data set, behind one Protocol."""
