"""Who may come in, by which proof, and what they may do: staff and partners."""
