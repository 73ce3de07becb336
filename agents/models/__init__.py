"""Models: whether a live one is to be had, with which key, and what its failures are called."""
