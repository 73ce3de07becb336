"""The client, the worker, and what stands between Temporal and both."""
