"""The words of messages: a small language in a sandbox, the texts that the house has, and those of a firm."""
