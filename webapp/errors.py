"""Every refusal in one place: which exception is which HTTP status, and the one JSON shape that all of them take.

    {"error": {"code": "not_found", "message": "A sentence that says what to do.", "fields": {"k": ["..."]} or null}}

Under /api/ the answer is JSON; elsewhere it is a page.
"""

import math
from functools import cache
from http import HTTPStatus
from typing import Any

from django.core.exceptions import PermissionDenied, RequestDataTooBig, SuspiciousOperation
from django.db import OperationalError
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.template.loader import render_to_string
from redis.exceptions import RedisError
from rest_framework import exceptions as drf
from rest_framework.response import Response
from rest_framework.views import set_rollback

import labeling.errors
import ml.errors
import search.errors
from search.api.problems import first_problem

TABLE: dict[type[Exception], tuple[int, str]] = {
    search.errors.BadKey: (400, "bad_key"),
    search.errors.BadQuery: (400, "bad_query"),
    search.errors.BadImagery: (400, "bad_imagery"),
    search.errors.BadAddress: (400, "bad_address"),
    search.errors.NoData: (404, "no_data"),
    search.errors.NoSuchTile: (404, "not_found"),
    search.errors.NoSuchDataset: (404, "not_found"),
    search.errors.NoSuchAnimation: (404, "not_found"),
    search.errors.NotIndexed: (409, "not_indexed"),
    search.errors.StaleFrame: (409, "stale_frame"),
    search.errors.NoSuchCollection: (404, "no_such_collection"),
    search.errors.NoSuchView: (404, "not_found"),
    search.errors.BadCollection: (400, "bad_collection"),
    search.errors.BadTable: (400, "bad_table"),
    search.errors.NoSuchTable: (404, "no_such_table"),
    search.errors.NoSuchJob: (404, "no_such_job"),
    search.errors.BadLayout: (400, "bad_layout"),
    ml.errors.BadSelection: (400, "bad_selection"),
    search.errors.TooManyJobs: (429, "too_many"),
    search.errors.NoVideoEncoder: (503, "no_video_encoder"),
    search.errors.MissingImagery: (503, "missing_imagery"),
    search.errors.TooLarge: (413, "too_large"),
    search.errors.NotAllowed: (403, "forbidden"),
    search.errors.BadUpload: (400, "bad_upload"),
    search.errors.WrongType: (415, "wrong_type"),
    search.errors.NoSuchUpload: (404, "not_found"),
    search.errors.WrongOffset: (409, "wrong_offset"),
    search.errors.ChecksumMismatch: (460, "checksum_mismatch"),  # tus: "460 Checksum Mismatch"
    search.errors.QuotaUsed: (413, "quota_used"),
    search.errors.DiskFull: (507, "disk_full"),
    search.errors.NoSuchLayer: (404, "no_such_layer"),
    search.errors.TooManyTiles: (400, "too_many_tiles"),
    search.errors.Unreachable: (502, "unreachable"),
    search.errors.Incomplete: (502, "incomplete"),
    search.errors.NeedsConfirmation: (409, "needs_confirmation"),
    search.errors.SearchError: (400, "bad_request"),
    labeling.errors.NoSuchCampaign: (404, "not_found"),
    labeling.errors.NoSuchCard: (404, "no_such_card"),
    labeling.errors.NoSuchLink: (404, "no_such_link"),
    labeling.errors.NoSuchRound: (404, "not_found"),
    labeling.errors.NoSuchVote: (404, "no_such_vote"),
    labeling.errors.NotHost: (403, "forbidden"),
    labeling.errors.WrongPassphrase: (403, "wrong_passphrase"),
    labeling.errors.LinkFull: (409, "link_full"),
    labeling.errors.CampaignClosed: (409, "campaign_closed"),
    labeling.errors.TooManyTries: (429, "too_many"),
    labeling.errors.BadCampaign: (400, "bad_campaign"),
    labeling.errors.UnknownAnswer: (400, "unknown_answer"),
    labeling.errors.BadNickname: (400, "bad_nickname"),
    labeling.errors.BadMessage: (400, "bad_message"),
    labeling.errors.NoSuchSweep: (404, "not_found"),
    labeling.errors.SweepUnready: (409, "not_ready"),
    labeling.errors.BadSweep: (400, "bad_sweep"),
    labeling.errors.LabelingError: (400, "bad_request"),
    ml.errors.BadImage: (400, "bad_image"),
    ml.errors.NoTextTower: (400, "no_text_tower"),
    ml.errors.TooFewLabels: (409, "too_few_labels"),
    ml.errors.BadClassifier: (503, "classifier_unusable"),
    ml.errors.BadAudit: (409, "bad_audit"),
    ml.errors.BadEncoder: (503, "encoder_unusable"),
    ml.errors.NoSuchModel: (404, "not_found"),
    ml.errors.BadTraining: (400, "bad_training"),
    ml.errors.TrainingDiverged: (409, "training_diverged"),
    ml.errors.DamagedModel: (503, "damaged_model"),
    ml.errors.Disagreement: (409, "disagreement"),
    ml.errors.NoWeights: (503, "no_weights"),
    ml.errors.DamagedShard: (503, "damaged_shard"),
    ml.errors.MLError: (500, "failed"),
    drf.ValidationError: (400, "invalid"),
    drf.ParseError: (400, "malformed"),
    drf.NotAuthenticated: (401, "not_authenticated"),
    drf.AuthenticationFailed: (401, "bad_credentials"),
    drf.PermissionDenied: (403, "forbidden"),
    drf.NotFound: (404, "not_found"),
    drf.MethodNotAllowed: (405, "method_not_allowed"),
    drf.NotAcceptable: (406, "not_acceptable"),
    drf.UnsupportedMediaType: (415, "unsupported_media_type"),
    drf.Throttled: (429, "throttled"),
    Http404: (404, "not_found"),
    PermissionDenied: (403, "forbidden"),
    RequestDataTooBig: (413, "too_large"),
    SuspiciousOperation: (400, "malformed"),
    OperationalError: (503, "database_unavailable"),
    RedisError: (503, "redis_unavailable"),
}
MESSAGES = {
    "bad_request": "The request could not be understood.",
    "forbidden": "You may not do this. Sign in with an account that may.",
    "not_found": "There is nothing at this address.",
    "too_large": "The request is too large.",
    "failed": "Something went wrong here. It has been logged; try again.",
    "database_unavailable": "The database does not answer just now. Try again in a moment.",
    "redis_unavailable": "A part of the site is just restarting. Try again in a moment.",
    "csrf": "The form was not sent from this site, or was open for too long. Load the page again.",
    "locked_out": "Too many failed attempts to sign in. Wait a quarter of an hour and try again.",
    "busy": "Many people are here just now. Try again in a moment.",
    "too_slow": "This took too long and was given up. Ask for less, or try again later.",
    "slow_upload": "The request did not arrive in time. Send it again, over a better connection.",
}
PASSING = {"database_unavailable": 5, "redis_unavailable": 5, "damaged_shard": 30}  # seconds until it may work again
PAGES = {
    400: "Bad request",
    403: "Not allowed",
    404: "Not found",
    408: "Too slow",
    413: "Too large",
    429: "Too many attempts",
    500: "Our fault",
    503: "Not available just now",
    504: "Too slow",
}


def body(code: str, message: str, fields: dict[str, Any] | None = None) -> dict[str, Any]:
    """The one JSON error shape."""
    return {"error": {"code": code, "message": message, "fields": fields}}


def api_error(exc: Exception, context: dict[str, Any]) -> Response | None:
    """DRF's EXCEPTION_HANDLER; None (a 500, logged) for what nobody foresaw."""
    known = classify(exc)
    if known is None:
        return None
    status, code = known
    set_rollback()
    return Response(body(code, sentence(exc, code), fields(exc)), status=status, headers=headers(exc, code))


def classify(exc: Exception) -> tuple[int, str] | None:
    """Status and code of the nearest class in TABLE."""
    found = next((TABLE[kind] for kind in type(exc).__mro__ if kind in TABLE), None)
    if found is None and isinstance(exc, drf.APIException):
        return exc.status_code, str(exc.default_code)
    return found


def sentence(exc: Exception, code: str) -> str:
    """What to tell a person. Django's own exceptions may quote internals, so theirs are replaced."""
    if isinstance(exc, drf.ValidationError):
        return first_problem(exc.detail)
    if isinstance(exc, drf.Throttled):
        return f"Too many requests. Try again in {math.ceil(getattr(exc, 'wait', None) or 1)} s."
    if isinstance(exc, drf.APIException):
        return str(exc.detail)
    return MESSAGES[code] if type(exc).__module__.startswith(("django.", "redis.")) else str(exc)


def fields(exc: Exception) -> dict[str, Any] | None:
    """What is wrong by the field of the request: of a form that was not valid, or as our own refusals say."""
    if isinstance(exc, drf.ValidationError):
        return exc.detail if isinstance(exc.detail, dict) else None
    found: dict[str, Any] | None = getattr(exc, "fields", None)
    return found


def headers(exc: Exception, code: str) -> dict[str, str]:
    found = {"Retry-After": str(PASSING[code])} if code in PASSING else {}
    if challenge := getattr(exc, "auth_header", None):
        found["WWW-Authenticate"] = challenge
    if wait := getattr(exc, "wait", None):
        found["Retry-After"] = str(math.ceil(wait))
    return found


def answer(request: HttpRequest, status: int, code: str, message: str = "") -> HttpResponse:
    """An error as JSON under /api/, as a page elsewhere."""
    message = message or MESSAGES[code]
    if request.path.startswith("/api/"):
        return JsonResponse(body(code, message), status=status)
    return render(request, "webapp/error.html", page(status, message), status=status)


def page(status: int, message: str) -> dict[str, Any]:
    return {"status": status, "heading": PAGES.get(status, HTTPStatus(status).phrase), "message": message}


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    if isinstance(exception, RequestDataTooBig):
        return answer(request, 413, "too_large")
    return answer(request, 400, "bad_request")


def forbidden(request: HttpRequest, exception: Exception) -> HttpResponse:
    return answer(request, 403, "forbidden")


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Our own 404s explain themselves; the resolver's would list every address of the site."""
    text = str(exception.args[0]) if exception.args and isinstance(exception.args[0], str) else ""
    return answer(request, 404, "not_found", text)


def server_error(request: HttpRequest) -> HttpResponse:
    """Must work when the database doesn't: the page is rendered without the request, so nobody is looked up."""
    return bare(request.path, 500, "failed")


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    return answer(request, 403, "csrf")


def locked_out(request: HttpRequest, response: HttpResponse | None = None, credentials: Any = None) -> HttpResponse:
    """django-axes' answer to a guesser of passwords."""
    return answer(request, 429, "locked_out")


def too_large(path: str, limit: int) -> HttpResponse:
    return bare(path, 413, "too_large", f"The request is larger than {limit // 2**20} MB. Send less at once.")


def bare(path: str, status: int, code: str, message: str = "") -> HttpResponse:
    """For what answers before Django has a request."""
    message = message or MESSAGES[code]
    if path.startswith("/api/"):
        return JsonResponse(body(code, message), status=status)
    return HttpResponse(bare_page(status, message), status=status)


@cache
def bare_page(status: int, message: str) -> str:
    """Rendered once: saying no must cost nothing."""
    return render_to_string("webapp/error_bare.html", page(status, message))
