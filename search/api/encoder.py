"""/api/v1/datasets/<slug>/encoder/: a dataset embedded with another encoder, while searches go on with the old one."""

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from search import encoders, reembedding
from search.models import Dataset
from search.permissions import check_may_manage
from search.views import visible


class NewEncoderSerializer(serializers.Serializer):
    encoder = serializers.CharField(max_length=100, help_text='"name" or "name/version" of the model store')
    keep = serializers.BooleanField(default=False, help_text="leave the old encoder's shards on disk")


class ChangeAnswer(serializers.Serializer):
    encoder = serializers.CharField()
    version = serializers.CharField(help_text="in the model store; empty for what comes with Lookalike")
    shards = serializers.IntegerField()
    ready = serializers.IntegerField()
    failed = serializers.IntegerField()
    tiles = serializers.IntegerField()
    done = serializers.IntegerField(help_text="tiles embedded")
    keep = serializers.BooleanField()


class EncoderAnswer(serializers.Serializer):
    encoder = serializers.CharField(help_text="that searches use now")
    version = serializers.CharField()
    change = ChangeAnswer(allow_null=True, help_text="to another one, while it is under way")


def described(dataset: Dataset) -> dict[str, object]:
    dataset = Dataset.objects.select_related("encoder", "next_encoder").get(pk=dataset.pk)
    own = dataset.encoder
    return {"encoder": own.name, "version": reembedding.version_of(own), "change": reembedding.describe(dataset)}


class EncoderView(APIView):
    @extend_schema(responses=EncoderAnswer, operation_id="encoder_retrieve")
    def get(self, request: Request, slug: str) -> Response:
        return Response(described(visible(request, slug)))

    @extend_schema(
        request=NewEncoderSerializer, responses={200: EncoderAnswer, 202: EncoderAnswer}, operation_id="encoder_change",
        description="Build every shard with it beside the old ones, and change over once they are complete: 202. "
        "The same again builds what failed. 200: it has changed over already.",
    )  # fmt: skip
    def post(self, request: Request, slug: str) -> Response:
        dataset = visible(request, slug)
        check_may_manage(dataset, request.user)
        asked = NewEncoderSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        encoder = encoders.named(asked.validated_data["encoder"])
        over = reembedding.start(dataset, encoder, keep=asked.validated_data["keep"])
        return Response(described(dataset), 200 if over else 202)

    @extend_schema(
        responses=EncoderAnswer, operation_id="encoder_keep", description="Stop a change: the old one stays in use."
    )
    def delete(self, request: Request, slug: str) -> Response:
        dataset = visible(request, slug)
        check_may_manage(dataset, request.user)
        reembedding.stop(dataset)
        return Response(described(dataset))
