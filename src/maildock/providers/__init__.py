"""Where mail comes from: one folder per kind, all with the same small surface."""
