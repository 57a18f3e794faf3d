"""One value as people write it, and the one form in which it is stored: the same for files, forms and whoever asks."""
