"""What search refuses, in sentences a researcher can act on. webapp/errors.py maps each to an HTTP status."""


class SearchError(Exception):
    """Base of everything below; str() is fit to show."""


class BadKey(SearchError):
    """The number is not a tile key, or an address part is outside its range."""


class NoSuchTile(SearchError):
    """A well-formed address of a tile that does not exist."""


class NoSuchDataset(SearchError):
    """No dataset of that name that this person may see."""


class NotIndexed(SearchError):
    """The dataset has no searchable shard that the query allows, yet or at all."""


class BadQuery(SearchError):
    """The query contradicts itself or asks for what cannot be."""


class BadImagery(SearchError):
    """A file that cannot be imported, and why."""


class MissingImagery(SearchError):
    """Imagery that was imported is no longer where it was."""


class Cancelled(SearchError):
    """The row was cancelled, or taken over by another worker, while this one worked on it."""


class TooLarge(SearchError):
    """More bytes than the site accepts."""


class NoSuchAnimation(SearchError):
    """No animation of that number whose dataset this person may see, or its file is gone."""


class NoVideoEncoder(SearchError):
    """ffmpeg, which writes films, is missing here or does not start."""


class TooManyJobs(SearchError):
    """So many things of this person's are being made that another has to wait."""
