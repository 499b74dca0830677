"""What one may do with a dataset that one may see; who may not see it is told that there is none (Dataset.visible)."""

from django.contrib.auth.models import AnonymousUser, User

from search.errors import NotAllowed
from search.models import Dataset


def check_may_import(dataset: Dataset, user: User | AnonymousUser) -> None:
    if not dataset.may_import(user):
        raise NotAllowed(f"Only the owner and the members of {dataset.name} may bring imagery into it. {remedy(user)}")


def check_may_manage(dataset: Dataset, user: User | AnonymousUser) -> None:
    if not dataset.may_manage(user):
        raise NotAllowed(f"Only the owner of {dataset.name} may change or delete it. {remedy(user)}")


def remedy(user: User | AnonymousUser) -> str:
    return "Ask them to add you." if user.is_authenticated else "Sign in first."
