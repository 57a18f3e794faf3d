"""What tests share: each module says in a sentence what it is for."""
