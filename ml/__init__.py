"""Lookalike's machine learning: arrays, paths and callbacks in; arrays, files and errors out. Knows no Django.

Importing this package is cheap. Modules that need torch import it when first used, and `torchvision_shim` before
anything that imports torchvision.
"""
