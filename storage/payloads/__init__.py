"""Large payloads outside of Temporal: files by content hash, encrypted on request."""
