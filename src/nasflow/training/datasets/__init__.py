"""The images: one file a data set."""
