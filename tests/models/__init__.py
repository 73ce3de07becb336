"""Stand-ins for language models that speak the providers' protocols, as strict as these are."""
