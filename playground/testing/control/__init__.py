"""The control API under `/_local/`: what the page and the tests do as people."""
