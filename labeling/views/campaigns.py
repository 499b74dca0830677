"""The list of campaigns that a person hosts."""

from django.contrib.auth.decorators import login_required
from django.db.models import Count, Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from labeling.models import Campaign


@require_safe
@login_required
def campaigns(request: HttpRequest) -> HttpResponse:
    mine = Campaign.objects.hosted_by(request.user).select_related("dataset")
    counted = mine.annotate(tiles=Count("cards"), done=Count("cards", filter=Q(cards__settled=True)))
    return render(request, "labeling/campaigns.html", {"campaigns": counted})
