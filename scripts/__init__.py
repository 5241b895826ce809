"""The house's own tools; the product doesn't need them."""
