"""The schema's history, inside the package: an installed maildock can migrate."""
