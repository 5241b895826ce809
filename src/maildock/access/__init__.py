"""Who may come in: tenants, the people and the programs of each."""
