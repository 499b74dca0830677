"""Which static files there are, and how they are stored: by a digest of their content, also where modules import."""

from django.contrib.staticfiles.apps import StaticFilesConfig
from whitenoise.storage import CompressedManifestStaticFilesStorage


class StaticFiles(StaticFilesConfig):
    """Leaves out what Node packages carry besides what browsers load: some of it imports what is not there."""

    ignore_patterns = [*StaticFilesConfig.ignore_patterns, "*-src.js", "*.d.ts", "*test-bundle.js"]


class StaticStorage(CompressedManifestStaticFilesStorage):
    """An upgrade must never pair an old module with a new one, so `import … from "./x.js";` is rewritten too."""

    support_js_module_import_aggregation = True
