"""Files for others of a set of tiles: CSV, GeoJSON, GeoParquet, and a zip of pictures.

All are written as they are read, so that a large set fills no memory. A campaign's (labeling/exporting) say more.
"""
