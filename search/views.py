"""The map page, and pictures of tiles and of uploaded queries."""

from django.conf import settings
from django.contrib.auth.models import AnonymousUser, User
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseNotModified
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_safe

from search import tiles
from search.describing import describe_dataset
from search.models import Dataset, QueryPicture

FOREVER = 365 * 24 * 3600


def visible(request: HttpRequest, slug: str) -> Dataset:
    """The dataset, when this person may see it; NoSuchDataset otherwise, whether it exists or not."""
    return Dataset.visible(user_of(request), slug)


def user_of(request: HttpRequest) -> User | AnonymousUser:
    return getattr(request, "user", AnonymousUser())


@require_safe
def map_page(request: HttpRequest) -> HttpResponse:
    datasets = list(Dataset.objects.visible_to(request.user).select_related("encoder"))
    slug = request.GET.get("dataset")
    dataset = next((d for d in datasets if slug in (None, "", d.slug)), None)
    if slug and dataset is None:
        raise Http404(f"There is no dataset {slug!r} that you may see.")
    config = {
        "dataset": describe_dataset(dataset, brief=True) if dataset else None,
        "datasets": [{"slug": d.slug, "name": d.name, "kind": d.kind} for d in datasets],
        "api": "/api/v1/",
        "upload_limit": settings.UPLOAD_LIMIT,
    }
    return render(request, "search/map.html", {"config": config, "dataset": dataset, "datasets": datasets})


@require_safe
def tile_image(
    request: HttpRequest, slug: str, product: str, day: str, level: int, row: int, col: int, form: str
) -> HttpResponse:
    """/tiles/<dataset>/<product>/<date>/<level>/<row>/<col>.<webp|png|jpg>?size=&v="""
    scene = tiles.scene_at(user_of(request), slug, product, day)
    offset = tiles.check_offset(request.GET.get("offset", ""))
    tiles.check(scene, level, row, col, offset)
    size = tiles.check_size(request.GET.get("size", "512"))
    etag = f'"{scene.version}-{level}-{row}-{col}-{offset}-{size}-{form}"'
    if etag in request.headers.get("If-None-Match", ""):
        response: HttpResponse = HttpResponseNotModified()
    else:
        response = HttpResponse(tiles.image(scene, level, row, col, size, form, offset), tiles.FORMATS[form][1])
    response["ETag"] = etag
    response["Cache-Control"] = cache_control(scene.product.dataset, request.GET.get("v"), scene.version)
    return response


def cache_control(dataset: Dataset, asked: str | None, version: str) -> str:
    """For ever, unless the address names a version of the imagery that is no longer the one shown."""
    if asked not in (None, version):
        return "no-cache"
    return f"{'public' if dataset.is_public else 'private'}, max-age={FOREVER}, immutable"


@require_safe
def picture_image(request: HttpRequest, token: str) -> HttpResponse:
    """The small version of an uploaded picture; its unguessable name is the permission."""
    picture = get_object_or_404(QueryPicture, token=token)
    response = HttpResponse(bytes(picture.thumbnail), "image/webp")
    response["Cache-Control"] = f"private, max-age={FOREVER}, immutable"
    return response
