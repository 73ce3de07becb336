"""Files and web addresses that are given to agents: fetched, decoded, checked."""
