"""The studio: the map of embeddings, and what is chosen with it. The arrays come from search/api/curation.py."""
