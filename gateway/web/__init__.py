"""How partners and staff reach us over HTTP."""
