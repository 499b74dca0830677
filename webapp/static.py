"""How static files are stored: names with a digest of the content, also inside JavaScript modules' imports."""

from whitenoise.storage import CompressedManifestStaticFilesStorage


class StaticStorage(CompressedManifestStaticFilesStorage):
    """An upgrade must never pair an old module with a new one, so `import … from "./x.js";` is rewritten too."""

    support_js_module_import_aggregation = True
