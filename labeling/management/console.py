"""What commands about campaigns share."""

from typing import Any

from django.core.management.base import CommandError

from labeling.errors import LabelingError, NoSuchCampaign
from labeling.models import Campaign
from search.management.console import SiteCommand


class CampaignCommand(SiteCommand):
    """As SiteCommand; what labelling refuses is a sentence too."""

    def execute(self, *args: Any, **options: Any) -> str | None:
        try:
            return super().execute(*args, **options)
        except LabelingError as error:
            raise CommandError(str(error)) from error


def numbered(number: int) -> Campaign:
    found = Campaign.objects.select_related("dataset").filter(pk=number).first()
    if found is None:
        known = ", ".join(str(pk) for pk in Campaign.objects.values_list("pk", flat=True)[:20]) or "none yet"
        raise NoSuchCampaign(f"There is no campaign {number}. There are: {known}.")
    return found
