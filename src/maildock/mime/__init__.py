"""Raw mail to parts: one walk over the bytes, whatever their size."""
