"""Measurements against floors: the same bytes by the plainest means, taken turn by turn in the same run."""
