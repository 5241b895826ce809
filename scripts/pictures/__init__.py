"""The pictures of every page in `docs/images`: a maildock of its own, full of life, and a camera that goes round."""
