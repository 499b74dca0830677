"""A real site with a small real dataset, a real Chromium, and pages whose complaints fail the test."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, expect, sync_playwright

from tests.browser.accounts import PASSWORD
from tests.browser.chromium import DESKTOP, FLAGS, PHONE, executable
from tests.browser.visitor import DELTA, Visitor
from tests.factories import DEMO, picture_bytes
from tests.gibs_server import GibsServer
from tests.prepared import lay_out
from tests.webapp.site import Site

TERRA = "MODIS_Terra_CorrectedReflectance_TrueColor"
expect.set_options(timeout=30_000)  # two cores for browser, site and the other half of the tests; else 5 s
VIOLATIONS = "addEventListener('securitypolicyviolation', (e) => console.error(e.violatedDirective, e.blockedURI))"


def import_earth(site: Site, slug: str, *words: object) -> None:
    """March and August 2004, level 5 (800 tiles each), colour statistics."""
    files = [DEMO / f"bluemarble_2004-{month}-01.tif" for month in ("03", "08")]
    naming = ["--dataset", slug, "--name", "Blue Marble", "--credit", "NASA Earth Observatory", "--public"]
    site.prompt.run("import_images", *files, *naming, "--levels", 5, "--encoder", "colour", *words)


@pytest.fixture(scope="package")
def tile_server() -> Iterator[GibsServer]:
    """What the site takes for NASA GIBS."""
    with GibsServer() as server:
        yield server


@pytest.fixture(scope="package")
def site(prepared: Path, tmp_path_factory: pytest.TempPathFactory, tile_server: GibsServer) -> Iterator[Site]:
    """The whole site as `make demo` runs it, with the map `earth` and the gallery `frames` (70 pictures)."""
    folder = tmp_path_factory.mktemp("site")
    rates = {f"THROTTLE_{who}": "100000/min" for who in ("ANON", "USER", "UPLOAD")}
    patient = {"QUEUE_SECONDS": "60"}  # the tests share their cores with an index under construction
    teaching = {"TRAINER": "1", "TRAINING_THREADS": "1"}
    ours = {"GIBS_URL": tile_server.url, "DJANGO_SUPERUSER_PASSWORD": PASSWORD, **patient, **teaching}
    running = Site(lay_out(prepared, folder / "data"), **rates, **ours).start()
    try:
        running.ready()
        import_earth(running, "earth", "--now")
        running.get("/api/v1/places?q=a")  # the names are sorted when they are first asked for
        naming = ["--dataset", "frames", "--encoder", "colour", "--public", "--now"]
        running.prompt.run("import_images", pictures(folder / "frames"), *naming)
        yield running
        assert running.get("/readyz")[0] == 200, running.output()[-5000:]
    finally:
        running.end()


def pictures(folder: Path) -> Path:
    folder.mkdir()
    for number in range(70):
        (folder / f"frame-{number:02}.png").write_bytes(picture_bytes(seed=number, size=(48, 32)))
    return folder


@pytest.fixture(scope="package")
def chromium() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=executable(), args=FLAGS)
        yield browser
        browser.close()


def download(
    site: Site, slug: str, epsg: int, level: int, *bbox: float, days: tuple[str, ...] = ("2004-08-01",)
) -> None:
    """A dataset of tiles from the tile server, level by colour statistics."""
    what = ["--layer", TERRA, "--date", *days, "--bbox", *bbox, "--level", level, "--projection", epsg]
    site.prompt.run("gibs_download", *what, "--dataset", slug, "--encoder", "colour", "--public", "--yes", "--now")


@pytest.fixture(scope="package")
def terra(site: Site) -> str:
    """North-west Africa at level 5, two dates apart by a year, from the tile server; the account `owner` may import."""
    download(site, "terra", 4326, 5, -18, 18, 9, 36, days=("2003-08-01", "2004-08-01"))
    site.prompt.run("createsuperuser", "--noinput", "--username", "owner", "--email", "owner@example.org")
    return "terra"


@pytest.fixture(scope="package")
def arctic(site: Site) -> str:
    """Everything north of 60° in polar stereographic projection, level 1."""
    download(site, "arctic", 3413, 1, -180, 60, 180, 90)
    return "arctic"


@pytest.fixture(scope="package")
def mercator(site: Site) -> str:
    """The northern half of the Earth in Web Mercator, level 3."""
    download(site, "mercator", 3857, 3, -180, 0, 180, 80)
    return "mercator"


class Complaints(list[str]):
    """What the browser's console says of errors; a test that provokes some clears them at its end."""

    forgiven = False

    def clear(self) -> None:
        """Those that are still on their way as well."""
        super().clear()
        self.forgiven = True


@pytest.fixture
def complaints() -> Complaints:
    return Complaints()


@pytest.fixture
def visit(site: Site, chromium: Browser, complaints: Complaints) -> Iterator[Callable[..., Visitor]]:
    """Opens an address of the site in a fresh browser profile; at the end nobody may have complained."""
    contexts: list[BrowserContext] = []

    def opened(address: str = DELTA, *, wait: bool = True, **options: object) -> Visitor:
        context = chromium.new_context(base_url=f"http://127.0.0.1:{site.port}", **{**DESKTOP, **options})  # type: ignore[arg-type]
        context.add_init_script(VIOLATIONS)
        context.set_default_timeout(30_000)
        contexts.append(context)
        page = context.new_page()
        listen(page, complaints)
        page.goto(address)
        return Visitor(page).ready() if wait else Visitor(page)

    yield opened
    for context in contexts:
        context.close()
    assert complaints.forgiven or complaints == []


@pytest.fixture(scope="package")
def scripts(site: Site, chromium: Browser) -> Iterator[Page]:
    """The map page, for what the site's scripts reckon whoever looks: import them there, and leave it as it is."""
    with chromium.new_context(base_url=f"http://127.0.0.1:{site.port}") as context:
        page = context.new_page()
        page.goto("/?dataset=earth")
        yield page


def listen(page: Page, complaints: list[str]) -> None:
    def hear(message: ConsoleMessage) -> None:
        if message.type == "error":
            complaints.append(f"{message.text} {message.location.get('url', '')}")

    page.on("console", hear)
    page.on("pageerror", lambda error: complaints.append(str(error)))


@pytest.fixture
def desk(visit: Callable[..., Visitor]) -> Visitor:
    return visit()


@pytest.fixture
def phone(visit: Callable[..., Visitor]) -> Visitor:
    return visit(**PHONE)
