"""The site: settings, addresses, processes, errors. Imagery is search/'s business, people's labels are labeling/'s."""

from webapp.celery import app as celery_app

__all__ = ["celery_app"]
