"""How people are told: what waits crosses one gate, is put into words, and leaves by a channel."""
