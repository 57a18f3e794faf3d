"""Work that is done later: the ledger, the brokers that wake workers, the workers, and what is done by the clock."""
