"""What every HTTP server and client of the agents shares: TLS, signing keys, ports, loopback."""
