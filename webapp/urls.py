"""Every address of the site."""

from django.contrib import admin
from django.contrib.auth import views as auth
from django.urls import URLPattern, URLResolver, include, path
from drf_spectacular.views import SpectacularAPIView, SpectacularSwaggerSplitView

from webapp import health, pages
from webapp.accounts import TokenView
from webapp.metrics.views import metrics

accounts: list[URLPattern | URLResolver] = [
    path("login/", auth.LoginView.as_view(redirect_authenticated_user=True), name="login"),
    path("logout/", auth.LogoutView.as_view(), name="logout"),
    path(
        "password/",
        auth.PasswordChangeView.as_view(template_name="webapp/password_change.html"),
        name="password_change",
    ),
    path(
        "password/done/",
        auth.PasswordChangeDoneView.as_view(template_name="webapp/password_change_done.html"),
        name="password_change_done",
    ),
]
api: list[URLPattern | URLResolver] = [
    path("schema/", SpectacularAPIView.as_view(), name="schema"),
    path("docs/", SpectacularSwaggerSplitView.as_view(), name="api-docs"),
    path("token/", TokenView.as_view(), name="token"),
    path("", include("labeling.api.urls")),
    path("", include("search.api.urls")),
]
urlpatterns = [
    path("healthz", health.healthz, name="healthz"),
    path("readyz", health.readyz, name="readyz"),
    path("metrics", metrics, name="metrics"),
    path("favicon.ico", pages.favicon),
    path("admin/", admin.site.urls),
    path("accounts/", include(accounts)),
    path("api/v1/", include(api)),
    path("", include("labeling.phone.urls")),
    path("", include("labeling.urls")),
    path("", include("search.urls")),
]
handler400 = "webapp.errors.bad_request"
handler403 = "webapp.errors.forbidden"
handler404 = "webapp.errors.not_found"
handler500 = "webapp.errors.server_error"
