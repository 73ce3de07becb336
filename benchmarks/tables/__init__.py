"""How tables are read: the cases, and random dialects beside other readers."""
