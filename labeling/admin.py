"""The back office of labelling: what one looks for. Votes and decisions are facts: they are read, not written."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest

from labeling.models import (
    Answer,
    Audit,
    AuditTile,
    Campaign,
    Card,
    Chosen,
    Decision,
    Example,
    Learner,
    Lease,
    Person,
    Round,
    ShareLink,
    Sweep,
    SweepPart,
    Vote,
)


class ReadOnly(admin.ModelAdmin):
    """Made and changed by the site alone, under the campaign's lock."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False  # counts would no longer be right, and phones would not be told; links are revoked by their hosts


class AnswerInline(admin.TabularInline):
    model = Answer
    fields = ["position", "code", "word", "icon", "colour", "top"]
    readonly_fields = ["code"]
    extra = 0
    can_delete = False

    def has_add_permission(self, request: HttpRequest, obj: Campaign | None = None) -> bool:
        return False


@admin.register(Campaign)
class CampaignAdmin(admin.ModelAdmin):
    list_display = ["question", "dataset", "owner", "state", "votes_wanted", "consensus", "kappa", "created_at"]
    list_filter = ["state", "consensus", "dataset", "owner"]
    list_select_related = ["dataset", "owner"]
    search_fields = ["question", "dataset__slug", "owner__username"]
    date_hierarchy = "created_at"
    fields = ["question", "explanation", "dataset", "owner", "hosts", "state", "kappa", "reckoned_at", "created_at"]
    readonly_fields = ["dataset", "state", "kappa", "reckoned_at", "created_at"]
    filter_horizontal = ["hosts"]
    inlines = [AnswerInline]

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False  # hosts make them at /campaigns/new/


@admin.register(Answer)
class AnswerAdmin(ReadOnly):
    list_display = ["word", "code", "campaign", "position", "top"]
    list_select_related = ["campaign"]
    search_fields = ["word", "code", "campaign__question"]


@admin.register(Example)
class ExampleAdmin(ReadOnly):
    list_display = ["key", "answer", "caption", "campaign"]
    list_select_related = ["answer", "campaign"]


@admin.register(Card)
class CardAdmin(ReadOnly):
    list_display = ["key", "campaign", "votes", "target", "held", "settled", "label", "label_from", "share"]
    list_filter = ["settled", "label_from", "campaign"]
    list_select_related = ["campaign", "label"]
    search_fields = ["=key"]


@admin.register(Lease)
class LeaseAdmin(ReadOnly):
    list_display = ["card", "person"]
    list_select_related = ["card", "person"]


@admin.register(Decision)
class DecisionAdmin(ReadOnly):
    list_display = ["card", "answer", "user", "made_at"]
    list_select_related = ["card", "answer", "user"]


@admin.register(ShareLink)
class ShareLinkAdmin(ReadOnly):
    list_display = ["__str__", "campaign", "most_people", "expires_at", "revoked_at", "made_by", "created_at"]
    list_filter = ["campaign"]
    list_select_related = ["campaign", "made_by"]
    search_fields = ["name", "campaign__question"]
    exclude = ["digest", "passphrase"]


@admin.register(Person)
class PersonAdmin(ReadOnly):
    list_display = ["nickname", "campaign", "link", "votes", "agreement", "skill", "flags", "excluded_at", "seen_at"]
    list_filter = ["campaign"]
    list_select_related = ["campaign", "link"]
    search_fields = ["nickname", "campaign__question"]
    exclude = ["digest"]


@admin.register(Vote)
class VoteAdmin(ReadOnly):
    list_display = ["id", "campaign", "person", "card", "answer", "took", "received_at", "withdrawn_at"]
    list_filter = ["campaign"]
    list_select_related = ["campaign", "person", "card", "answer"]
    search_fields = ["=id", "person__nickname"]
    date_hierarchy = "received_at"


@admin.register(Learner)
class LearnerAdmin(ReadOnly):
    list_display = ["campaign", "on", "every", "batch", "head", "pool_tiles", "archive_tiles"]
    list_filter = ["on", "head"]
    list_select_related = ["campaign"]
    search_fields = ["campaign__question"]


@admin.register(Round)
class RoundAdmin(ReadOnly):
    list_display = ["number", "campaign", "trigger", "status", "labels", "positives", "found", "started_at", "error"]
    list_filter = ["status", "trigger", "campaign"]
    list_select_related = ["campaign"]
    date_hierarchy = "started_at"


@admin.register(Chosen)
class ChosenAdmin(ReadOnly):
    list_display = ["key", "round", "why", "probability", "position"]
    list_filter = ["why"]
    list_select_related = ["round"]
    search_fields = ["=key"]


@admin.register(Sweep)
class SweepAdmin(ReadOnly):
    list_display = ["number", "campaign", "status", "classifier", "threshold", "started_at", "finished_at", "error"]
    list_filter = ["status", "campaign"]
    list_select_related = ["campaign"]
    date_hierarchy = "created_at"


@admin.register(SweepPart)
class SweepPartAdmin(ReadOnly):
    list_display = ["__str__", "status", "done", "total", "tiles", "attempts", "heartbeat_at", "error"]
    list_filter = ["status", "product", "level"]
    list_select_related = ["sweep"]


@admin.register(Audit)
class AuditAdmin(ReadOnly):
    list_display = ["__str__", "who", "made_by", "made_at"]
    list_filter = ["who"]
    list_select_related = ["sweep", "made_by"]


@admin.register(AuditTile)
class AuditTileAdmin(ReadOnly):
    """Without scores: staff label too."""

    list_display = ["key", "audit", "position"]
    list_select_related = ["audit__sweep"]
    exclude = ["score", "stratum"]
    search_fields = ["=key"]
