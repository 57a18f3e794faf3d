"""How facts leave: carriers, notifications and language-model providers."""
