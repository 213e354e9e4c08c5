"""A policy: a network that answers questions, trained by REINFORCE; how it reads them is its reader's."""
