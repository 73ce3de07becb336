"""The columns of a table: how their values are written, and which type each is."""
