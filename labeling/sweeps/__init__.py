"""The sweep: every tile of a campaign's scope scored by one of its classifiers, and what is found that way."""
