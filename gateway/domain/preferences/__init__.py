"""How people want to be told: by which channel, how often, at which hours, or not at all."""
