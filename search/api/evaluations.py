"""/api/v1/datasets/<slug>/evaluations/: encoders on labels at hand, asked for, watched, stopped, removed."""

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from search import evaluating, frames, jobs
from search.api.curation import ColumnAnswer, editor
from search.evaluating import describing, labels, making
from search.views import visible


class NewEvaluationSerializer(serializers.Serializer):
    """Either `labels` or `collections`; docs/evaluation.md explains the rest."""

    labels = serializers.CharField(required=False, allow_blank=True, max_length=200, help_text="a text column")
    collections = serializers.ListField(
        child=serializers.CharField(max_length=80), required=False, max_length=50, help_text="names, each a class"
    )
    encoders = serializers.ListField(
        child=serializers.CharField(max_length=200), required=False, max_length=8,
        help_text="`own` (the vectors of the dataset's shards), names or name/version of the model store",
    )  # fmt: skip
    apart = serializers.FloatField(required=False, help_text="how far apart middles lie at least, in sides of a tile")
    place = serializers.CharField(
        required=False, allow_blank=True, max_length=200, help_text="a text column; tiles of one value never count"
    )
    most = serializers.IntegerField(required=False, help_text="tiles measured on; 2,000 by default")
    seed = serializers.IntegerField(required=False)


class EvaluationLineAnswer(serializers.Serializer):
    id = serializers.IntegerField()
    recipe = serializers.DictField()
    status = serializers.CharField(help_text="waiting, running, ready, failed or cancelled")
    stage = serializers.CharField(help_text="what it is at, in words")
    done = serializers.IntegerField()
    total = serializers.IntegerField()
    error = serializers.CharField()
    owner = serializers.CharField(allow_null=True)
    may_change = serializers.BooleanField()
    created_at = serializers.DateTimeField()


class EvaluationAnswer(EvaluationLineAnswer):
    report = serializers.DictField(help_text="what it was measured on, and `results`: an encoder each")


class EncoderChoiceAnswer(serializers.Serializer):
    name = serializers.CharField()
    title = serializers.CharField()


class EvaluationsAnswer(serializers.Serializer):
    results = EvaluationLineAnswer(many=True)
    labels = ColumnAnswer(many=True)
    encoders = EncoderChoiceAnswer(many=True)


class EvaluationsView(APIView):
    """The newest first, and what may be asked for: columns of labels, encoders."""

    @extend_schema(responses=EvaluationsAnswer, operation_id="evaluations_list")
    def get(self, request: Request, slug: str) -> Response:
        dataset, user = visible(request, slug), request.user
        listed = [describing.describe(job, user, whole=False) for job in describing.listed(dataset, user)]
        columns = labels.offered(frames.opened(dataset), user)
        encoders = [{"name": name, "title": title} for name, title in making.offered(dataset)]
        return Response({"results": listed, "labels": [column.as_json() for column in columns], "encoders": encoders})

    @extend_schema(
        request=NewEvaluationSerializer, responses={202: EvaluationAnswer}, operation_id="evaluations_create"
    )
    def post(self, request: Request, slug: str) -> Response:
        dataset = editor(request, slug)
        asked = NewEvaluationSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        job = evaluating.request(dataset, asked.validated_data, request.user)  # type: ignore[arg-type]
        return Response(describing.describe(job, request.user), 202)


class EvaluationView(APIView):
    """How far it is, and what came of it. DELETE stops and forgets it: whose it is, and who manages the dataset."""

    @extend_schema(responses=EvaluationAnswer, operation_id="evaluations_retrieve")
    def get(self, request: Request, slug: str, number: int) -> Response:
        job = describing.found(visible(request, slug), number, request.user)
        return Response(describing.describe(job, request.user))

    @extend_schema(responses={204: None}, operation_id="evaluations_destroy")
    def delete(self, request: Request, slug: str, number: int) -> Response:
        job = describing.found(visible(request, slug), number, request.user)
        jobs.check_may_change(job, request.user)
        jobs.remove(job)
        return Response(status=204)


class EvaluationCancelView(APIView):
    """Stop it: whose it is, and who manages the dataset."""

    @extend_schema(request=None, responses=EvaluationAnswer, operation_id="evaluations_cancel")
    def post(self, request: Request, slug: str, number: int) -> Response:
        job = describing.found(visible(request, slug), number, request.user)
        jobs.check_may_change(job, request.user)
        jobs.cancel(job)
        job.refresh_from_db()
        return Response(describing.describe(job, request.user))
