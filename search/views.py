"""The map page, and pictures of tiles and of uploaded queries."""

from urllib.parse import urlencode

from django.conf import settings
from django.contrib.auth.models import AnonymousUser, User
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseNotModified
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_safe

from search import tiles, worldview
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
        **(map_config(request, dataset) if dataset else {}),
        "dataset": describe_dataset(dataset, brief=True) if dataset else None,
        "datasets": [{"slug": d.slug, "name": d.name, "kind": d.kind} for d in datasets],
        "api": "/api/v1/",
        "upload_limit": settings.UPLOAD_LIMIT,
    }
    return render(request, "search/map.html", {"config": config, "dataset": dataset, "datasets": datasets})


def map_config(request: HttpRequest, dataset: Dataset) -> dict[str, object]:
    """What only the map page needs: whether proj4 is, what GIBS calls the products, who may fetch tiles."""
    products = dataset.products.all()
    return {
        "reproject": dataset.kind == Dataset.Kind.MAP and dataset.grid.epsg not in (4326, 3857),
        "offset_grid": dataset.offset_grid,
        "layers": {p.name: p.source["gibs"]["layer"] for p in products if "gibs" in p.source},
        "may_fetch": dataset.may_import(user_of(request)),
    }


@require_safe
def worldview_link(request: HttpRequest) -> HttpResponse:
    """/worldview/?p=&v=&l=&t=: an address of NASA's Worldview with its host and path replaced by ours."""
    return redirect(f"/?{urlencode(worldview.opened(user_of(request), request.GET), safe=',')}")


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
        content = tiles.image(scene, level, row, col, size, form, offset)
        response = HttpResponse(content, tiles.FORMATS[form][1])
        if tiles.is_absent(scene, content, size, form):
            response["Cache-Control"] = "no-store"  # somebody may fetch it any moment
            return response
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
