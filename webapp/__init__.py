"""The site: settings, addresses, processes, errors. Everything about imagery is in search/, about people's labels in labeling/."""

from webapp.celery import app as celery_app

__all__ = ["celery_app"]
