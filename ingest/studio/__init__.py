"""Settings of a partner while somebody works at them: a draft, its sample, what is wrong, what would come of it."""
