"""Whether the installation is fit, and what keeps it so."""
