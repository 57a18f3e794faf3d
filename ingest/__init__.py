"""How facts come in: a partner's file becomes records, outcomes and receipts."""
