"""The people of a firm, and what hangs on them: clients, cases, documents, and how they are changed and erased."""
