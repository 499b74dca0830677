"""Tables that come with a request: kept on disk only while they are read."""

import tempfile
from pathlib import Path

from django.conf import settings
from django.contrib.auth.models import AnonymousUser, User
from django.core.files.uploadedfile import UploadedFile

from search.errors import NoSuchTable, NotAllowed, TooLarge
from search.models import Dataset, Table
from search.permissions import check_may_import
from search.tables import bringing


def bring_sent(
    dataset: Dataset, sent: UploadedFile, *, user: User | AnonymousUser, key: str = "", delimiter: str = "",
    encoding: str = "",
) -> bringing.Report:  # fmt: skip
    """As `bringing.bring_in`; NotAllowed and TooLarge besides."""
    check_may_import(dataset, user)
    size, most = (sent.size or 0) / 2**20, settings.UPLOAD_LIMIT / 2**20
    if size > most:
        raise TooLarge(f"{sent.name} has {size:.0f} MB; {most:.0f} MB may be sent. Save it as Parquet, leave columns "
                       "out, or bring it on the server with manage.py import_metadata.")  # fmt: skip
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "table"
        with path.open("wb") as file:
            for chunk in sent.chunks():
                file.write(chunk)
        owner = user if isinstance(user, User) else None
        name = plain(sent.name or "")
        return bringing.bring_in(dataset, path, user=owner, name=name, key=key, delimiter=delimiter, encoding=encoding)


def plain(name: str) -> str:
    return name.replace("\\", "/").rsplit("/", 1)[-1].strip() or "table"


def table_of(dataset: Dataset, number: int) -> Table:
    found = dataset.tables.select_related("dataset", "owner").filter(pk=number).first()
    if found is None:
        raise NoSuchTable(f"{dataset.name} has no table {number}: look at the list of its tables.")
    return found


def check_may_remove(table: Table, user: User | AnonymousUser) -> None:
    """Those who may import remove their own; the dataset's owner anyone's."""
    check_may_import(table.dataset, user)
    if table.owner_id != getattr(user, "pk", None) and not table.dataset.may_manage(user):
        who = f"only they and the owner of {table.dataset.name} may remove it"
        raise NotAllowed(f"{table.name} was brought by somebody else: {who}.")
