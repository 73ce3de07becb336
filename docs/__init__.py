"""The documentation: its pages, and the programs that make the site of them (`make docs`)."""
