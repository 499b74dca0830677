"""All settings. What differs between machines comes from the environment; .env.example lists every variable."""

import logging
import os
from datetime import timedelta
from pathlib import Path

import environ
from csp.constants import NONE, SELF
from django.core.exceptions import ImproperlyConfigured

from webapp import databases, env, logs, redis

BASE_DIR = Path(__file__).resolve().parent.parent
environ.Env.read_env(env.folder("ENV_FILE", BASE_DIR / ".env"))  # the real environment wins over the file
DEBUG = env.flag("DEBUG", False)
DATA_DIR = env.folder("LOOKALIKE_DATA", BASE_DIR / "data")
env.create(DATA_DIR, "LOOKALIKE_DATA")

SECRET_KEY = env.text("SECRET_KEY", "only-for-development" if DEBUG else "")
if not SECRET_KEY:
    raise ImproperlyConfigured("SECRET_KEY is empty: run `make setup`, which writes one to .env, or set it yourself.")
ALLOWED_HOSTS = env.names("ALLOWED_HOSTS", "localhost,127.0.0.1,[::1]")
CSRF_TRUSTED_ORIGINS = env.names("CSRF_TRUSTED_ORIGINS")
HTTPS = env.flag("HTTPS", False)
BEHIND_PROXY = env.flag("BEHIND_PROXY", False)  # exactly one proxy, which sets X-Forwarded-For and -Proto

INSTALLED_APPS = [
    "webapp",
    "labeling",
    "search",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "webapp.static.StaticFiles",
    "channels",
    "rest_framework",
    "rest_framework.authtoken",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "axes",
    "django_structlog",
]
MIDDLEWARE = [
    "webapp.metrics.middleware.MetricsMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "webapp.middleware.StaticFilesMiddleware",
    "csp.middleware.CSPMiddleware",
    "django_structlog.middlewares.RequestMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "webapp.middleware.RefusalMiddleware",
    "axes.middleware.AxesMiddleware",
]
ROOT_URLCONF = "webapp.urls"
ASGI_APPLICATION = "webapp.asgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ]
        },
    }
]

DATABASES = {"default": databases.default(env.text("DATABASE_URL"), DATA_DIR, pool=env.number("DATABASE_POOL", 20))}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

AUTHENTICATION_BACKENDS = ["axes.backends.AxesStandaloneBackend", "django.contrib.auth.backends.ModelBackend"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in (
        "UserAttributeSimilarityValidator",
        "MinimumLengthValidator",
        "CommonPasswordValidator",
        "NumericPasswordValidator",
    )
]
AXES_FAILURE_LIMIT = 10
AXES_COOLOFF_TIME = timedelta(minutes=15)
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"]]
AXES_LOCKOUT_CALLABLE = "webapp.errors.locked_out"
AXES_CLIENT_IP_CALLABLE = "webapp.proxy.client_address"
LOGIN_URL = "login"
LOGIN_REDIRECT_URL = LOGOUT_REDIRECT_URL = "/"
PUBLIC_SEARCH = env.flag("PUBLIC_SEARCH", True)

# Redis: one server for Celery's queue, the channel layer and the cache. Without REDIS_URL the site brings its own.
RUN_DIR = DATA_DIR / "run"
REDIS_SOCKET = redis.socket_for(DATA_DIR)
EMBEDDED_REDIS = not env.text("REDIS_URL")
REDIS_URL = env.text("REDIS_URL") or f"unix://{REDIS_SOCKET}"
CACHES = {"default": {"BACKEND": "webapp.cache.SharedCache", "LOCATION": REDIS_URL}}
# channels_redis waits for messages in steps of 5 seconds: at redis-py's own limit of 5 every quiet socket would break.
LAYER = {"address": REDIS_URL, "socket_timeout": 20}
CHANNEL_LAYERS = {"default": {"BACKEND": "channels_redis.core.RedisChannelLayer", "CONFIG": {"hosts": [LAYER]}}}
CELERY_BROKER_URL = REDIS_URL.replace("unix://", "redis+socket://")
CELERY_TASK_DEFAULT_QUEUE = "celery"
IMPORTS_QUEUE = "imports"  # of its own: what waits for a tile server must not keep shards from being built
FILMS_QUEUE = "films"  # a person waits for these: the shards' worker takes from both queues in turn
ROUNDS_QUEUE = "rounds"  # learning, of its own: people who label wait for the next batch, whatever is being built
SWEEPS_QUEUE = "sweeps"  # the same worker takes from these in turn
CURATION_QUEUE = "curation"  # and from this: selections, maps of embeddings, evaluations
TRAININGS_QUEUE = "trainings"  # of a worker of its own: one takes hours, and nothing else must wait for it
CELERY_TASK_ROUTES = {
    "search.tasks.run_import": {"queue": IMPORTS_QUEUE},
    "search.tasks.make_animation": {"queue": FILMS_QUEUE},
    "search.tasks.run_training": {"queue": TRAININGS_QUEUE},
    "search.tasks.measure_pace": {"queue": TRAININGS_QUEUE},
    "search.tasks.make_selection": {"queue": CURATION_QUEUE},
    "search.tasks.make_layout": {"queue": CURATION_QUEUE},
    "search.tasks.make_evaluation": {"queue": CURATION_QUEUE},
    "labeling.tasks.run_round": {"queue": ROUNDS_QUEUE},
    "labeling.tasks.consider_round": {"queue": ROUNDS_QUEUE},
    "labeling.tasks.requeue": {"queue": ROUNDS_QUEUE},
    "labeling.tasks.score_part": {"queue": SWEEPS_QUEUE},
    "labeling.tasks.requeue_sweeps": {"queue": ROUNDS_QUEUE},
}
CELERY_TASK_IGNORE_RESULT = True
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_WORKER_SOFT_SHUTDOWN_TIMEOUT = 2.0  # a stop lets short tasks end; long ones continue at the next start
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_BEAT_SCHEDULE_FILENAME = str(RUN_DIR / "beat-schedule")
CELERY_BEAT_SCHEDULE = {
    "requeue": {"task": "search.tasks.requeue", "schedule": 15.0},
    "tidy": {"task": "search.tasks.tidy", "schedule": 3600.0},
    "requeue-learning": {"task": "labeling.tasks.requeue", "schedule": 15.0},
    "requeue-sweeps": {"task": "labeling.tasks.requeue_sweeps", "schedule": 15.0},
    "tidy-campaigns": {"task": "labeling.tasks.tidy", "schedule": 3600.0},
    "expire-leases": {"task": "labeling.tasks.expire_leases", "schedule": 30.0},
    "renew-statistics": {"task": "labeling.tasks.renew_statistics", "schedule": 5.0},
    "reckon": {"task": "labeling.tasks.reckon_changed", "schedule": 20.0},
}

STATIC_URL = "/static/"
STATIC_ROOT = DATA_DIR / "static"
NODE = BASE_DIR / "node_modules"
STATICFILES_DIRS = [
    BASE_DIR / "static",
    ("ol", NODE / "ol" / "dist"),
    ("proj4", NODE / "proj4" / "dist"),
    ("idb", NODE / "idb" / "build"),
    ("tus", NODE / "tus-js-client" / "dist"),
    ("uplot", NODE / "uplot" / "dist"),
]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "webapp.static.StaticStorage"},
}

USE_TZ = True
TIME_ZONE = "UTC"
LANGUAGE_CODE = "en"
LANGUAGES = [("en", "English"), ("es", "Español"), ("fr", "Français")]  # of the pages that guests see
LOCALE_PATHS = [BASE_DIR / "locale"]

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "rest_framework.authentication.TokenAuthentication",
        "rest_framework.authentication.SessionAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": ["search.api.permissions.MaySearch"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "DEFAULT_THROTTLE_CLASSES": [
        "rest_framework.throttling.AnonRateThrottle",
        "rest_framework.throttling.UserRateThrottle",
    ],
    "DEFAULT_THROTTLE_RATES": {
        "anon": env.rate("THROTTLE_ANON", "600/min"),
        "user": env.rate("THROTTLE_USER", "3000/min"),
        "upload": env.rate("THROTTLE_UPLOAD", "60/min"),
        "token": env.rate("THROTTLE_TOKEN", "10/min"),
    },
    "NUM_PROXIES": 1 if BEHIND_PROXY else 0,
    "URL_FORMAT_OVERRIDE": None,  # ?format= is the search's own
    "EXCEPTION_HANDLER": "webapp.errors.api_error",
}
SPECTACULAR_SETTINGS = {
    "TITLE": "Lookalike",
    "DESCRIPTION": "Show it one; it finds them all.",
    "VERSION": "1",
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "SERVE_INCLUDE_SCHEMA": False,
    "PREPROCESSING_HOOKS": ["webapp.schema.one_address_each"],
}

# The tile server that imagery is downloaded from; never taken from the web
GIBS_URL = env.text("GIBS_URL", "https://gibs.earthdata.nasa.gov")

# Untrusted input
UPLOAD_LIMIT = env.number("UPLOAD_LIMIT_MB", 20, low=1, high=2048) * 2**20
UPLOAD_QUOTA = env.number("UPLOAD_QUOTA_MB", 20_480) * 2**20  # of one person's imagery; 0: no limit
MODEL_LIMIT = env.number("MODEL_LIMIT_MB", 2048, low=1) * 2**20  # of one encoder that is brought in
UPLOAD_DAYS = env.number("UPLOAD_DAYS", 7, low=1, high=3650)  # that an upload nobody goes on with is kept
GALLERY_IMAGE_LIMIT = env.number("GALLERY_IMAGE_LIMIT_MB", 200, low=1, high=4096) * 2**20
IMPORT_LIMIT = env.number("IMPORT_LIMIT_GB", 100) * 2**30  # of what one zip unpacks to
IMPORT_FOLDERS = [Path(name).expanduser().resolve() for name in env.names("IMPORT_FOLDERS")]
ALLOW_PRIVATE_URLS = env.flag("ALLOW_PRIVATE_URLS", False)
URL_LIMIT = env.number("URL_LIMIT_MB", 2048, low=1) * 2**20
URL_SECONDS = env.number("URL_SECONDS", 600, low=1, high=86_400)
DATA_UPLOAD_MAX_MEMORY_SIZE = 2 * 2**20
FILE_UPLOAD_MAX_MEMORY_SIZE = 5 * 2**20

CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [SELF],
        "img-src": [SELF, "data:", "blob:"],
        "object-src": [NONE],
        "base-uri": [SELF],
        "frame-ancestors": [NONE],
        "form-action": [SELF],
    }
}
X_FRAME_OPTIONS = "DENY"
CSRF_FAILURE_VIEW = "webapp.errors.csrf_failure"
SECURE_REDIRECT_EXEMPT = [r"^healthz$", r"^readyz$", r"^metrics$"]  # load balancers and Prometheus ask directly
SECURE_SSL_REDIRECT = SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = HTTPS
SECURE_HSTS_SECONDS = 31536000 if HTTPS else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = HTTPS
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if BEHIND_PROXY else None

# What search keeps open and how imagery is built
TRAINING_THREADS = env.number("TRAINING_THREADS", os.cpu_count() or 1, low=1, high=256)
ENCODER_THREADS = env.number("ENCODER_THREADS", 1, low=1, high=256)
OPEN_SHARDS = env.number("OPEN_SHARDS", 256, low=1, high=100_000)

# What one web process does at once, and how much may wait: docs/operations.md says how these were chosen
LANES = {  # threads, and requests waiting for one
    "search": (env.number("SEARCH_THREADS", 2, low=1, high=256), env.number("SEARCH_QUEUE", 64)),
    "tiles": (env.number("TILE_THREADS", 2, low=1, high=256), env.number("TILE_QUEUE", 128)),
    "slow": (env.number("SLOW_THREADS", 2, low=1, high=256), env.number("SLOW_QUEUE", 32)),
    "downloads": (env.number("DOWNLOAD_THREADS", 2, low=1, high=256), env.number("DOWNLOAD_QUEUE", 16)),
    "pages": (env.number("PAGE_THREADS", 4, low=1, high=256), env.number("PAGE_QUEUE", 128)),
    "probes": (2, 32),  # /healthz, /readyz and /metrics answer whatever else is going on
}
QUEUE_SECONDS = env.number("QUEUE_SECONDS", 10, low=1, high=600)
REQUEST_SECONDS = env.number("REQUEST_SECONDS", 60, low=1, high=3600)
WEBSOCKETS = env.number("WEBSOCKETS", 200)
WEBSOCKETS_PER_ADDRESS = env.number("WEBSOCKETS_PER_ADDRESS", 20)
PHONES = env.number("PHONES", 500)
PHONES_PER_ADDRESS = env.number("PHONES_PER_ADDRESS", 400)  # a school's phones all have its router's address
WEB_CONNECTIONS = env.number("WEB_CONNECTIONS", 1000, low=10)
KEEP_ALIVE_SECONDS = env.number("KEEP_ALIVE_SECONDS", 15, low=1, high=3600)
TILE_CACHE = env.number("TILE_CACHE_MB", 64) * 2**20
OPEN_RASTERS = env.number("OPEN_RASTERS", 32, low=1, high=10_000)

# /metrics: without a token only from this machine, else only with it; staff always
METRICS_TOKEN = env.text("METRICS_TOKEN")
METRICS_DIR = RUN_DIR / "metrics"

# Logs: JSON lines for machines, columns for a person
LOG_FORMAT = logs.form(env.text("LOG_FORMAT"), debug=DEBUG)
LOGGING_CONFIG = None  # logs.configure does it, with structlog's own half
LOGGING = logs.settings(LOG_FORMAT, env.text("LOG_LEVEL", "INFO").upper())
logs.configure(LOGGING)
DJANGO_STRUCTLOG_CELERY_ENABLED = True
DJANGO_STRUCTLOG_STATUS_START_LOG_LEVEL = logging.DEBUG  # one line a request: how it ended

# manage.py serve
HOST = env.text("HOST", "127.0.0.1")
PORT_CHOSEN = bool(env.text("PORT"))  # a chosen port must be free; without a choice the next free one will do
PORT = env.number("PORT", 8000, low=0, high=65535)
WEB_WORKERS = env.number("WEB_WORKERS", min(4, os.cpu_count() or 1), low=1, high=64)
LEARNING_AT_ONCE = env.number("LEARNING_AT_ONCE", min(2, os.cpu_count() or 1), low=1, high=256)
TRAINER = env.flag("TRAINER", True)  # the worker for trainings runs here too
IMPORTS_AT_ONCE = env.number("IMPORTS_AT_ONCE", 2, low=1, high=64)
WORKER_CONCURRENCY = env.number("WORKER_CONCURRENCY", min(4, os.cpu_count() or 1), low=1, high=256)
