"""Short addresses: what leads on, and what acts only when somebody presses."""
