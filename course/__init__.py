"""What stands behind the lecture's scripts.

The rule of the house: if the R script writes it, the Python script writes it; if R, or a package
of R's, supplied it, this package supplies it under a recognisable name.
"""
