"""What search refuses, in sentences a researcher can act on. webapp/errors.py maps each to an HTTP status."""


class SearchError(Exception):
    """Base of everything below; str() is fit to show."""


class BadKey(SearchError):
    """The number is not a tile key, or an address part is outside its range."""


class NoSuchTile(SearchError):
    """A well-formed address of a tile that does not exist."""


class NoData(NoSuchTile):
    """A tile of the map in which the archive has no pixel; its source may have it."""


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


class NotAllowed(SearchError):
    """Something that only the dataset's owner, or its members, may do."""


class BadUpload(SearchError):
    """An upload that contradicts what was announced."""


class WrongType(SearchError):
    """A file of a kind that cannot be imported, or that is not what its name says."""


class NoSuchUpload(SearchError):
    """No upload of that id that belongs to this person."""


class WrongOffset(SearchError):
    """A piece of an upload that does not begin where the last one ended."""


class ChecksumMismatch(SearchError):
    """A piece of an upload that is not what was sent."""


class QuotaUsed(SearchError):
    """More uploads than one person may keep."""


class DiskFull(SearchError):
    """No room for it on the server's disk."""


class BadAddress(SearchError):
    """An address that is not fetched from: no file there, or one that only this machine can reach."""


class NoSuchLayer(SearchError):
    """No layer of a tile server has that name, or more than one could be meant."""


class TooManyTiles(SearchError):
    """A download that the tile server's rules, or our own limit, do not allow."""


class Unreachable(SearchError):
    """A tile server that does not answer, or not with what it should."""


class Incomplete(SearchError):
    """A download that ended without some of its tiles; repeating it fetches those."""


class NeedsConfirmation(SearchError):
    """So large that the person must agree to it first."""


class StaleFrame(SearchError):
    """Positions of tiles in a frame whose shards have been built anew since."""


class NoSuchCollection(SearchError):
    """No collection of that name in a dataset that this person may see."""


class BadCollection(SearchError):
    """A collection that cannot be as asked: its name, its tiles."""


class BadTable(SearchError):
    """A file of metadata columns that cannot be joined to the tiles, and why."""


class NoSuchTable(SearchError):
    """No table of that number in a dataset that this person may see."""


class NoSuchJob(SearchError):
    """No selection, map of embeddings or evaluation of that number whose dataset this person may see."""


class BadLayout(SearchError):
    """A map of embeddings that cannot be made, and why."""


class NoSuchView(SearchError):
    """No saved view of that number that is this person's."""
