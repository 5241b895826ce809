"""The rules of the house, each a module with `problems(root)`: a line for everything that breaks the rule."""
