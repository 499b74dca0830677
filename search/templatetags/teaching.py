"""What a page about an encoder needs to know of datasets."""

from django import template
from django.contrib.auth.models import AnonymousUser, User

from ml.modelstore import Version
from search import encoders
from search.models import Dataset

register = template.Library()


@register.simple_tag
def could_use(user: User | AnonymousUser, version: Version) -> list[Dataset]:
    """Datasets with imagery that this person manages and that are searched with another encoder, by name."""
    if not user.is_authenticated or version.bands != 3:
        return []
    mine = Dataset.objects.all() if user.is_staff else Dataset.objects.filter(owner=user)
    folder = "" if version.comes_with else encoders.written(version.folder)
    drawn = mine.filter(products__scenes__isnull=False).exclude(encoder__folder="given").distinct()
    return list(drawn.exclude(encoder__name=version.name, encoder__folder=folder).order_by("name"))
