from django.apps import AppConfig


class LabelingConfig(AppConfig):
    name = "labeling"
    verbose_name = "Campaigns and labels"

    def ready(self) -> None:
        from labeling import colouring, filtering  # models are there only now

        filtering.register()
        colouring.register()
