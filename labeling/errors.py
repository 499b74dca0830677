"""What labelling refuses; webapp/errors.py says with which status. Messages are sentences that say what to do."""


class LabelingError(Exception):
    """code: what programs go by; str(): what people read."""

    code = "bad_request"


class NoSuchCampaign(LabelingError):
    code = "not_found"


class BadCampaign(LabelingError):
    code = "bad_campaign"


class NotHost(LabelingError):
    code = "forbidden"


class NoSuchLink(LabelingError):
    """Unknown, malformed, revoked or expired: nobody can tell which."""

    code = "no_such_link"

    def __init__(self) -> None:
        super().__init__("This link does not work, or no longer. Ask whoever sent it to you for a new one.")


class LinkFull(LabelingError):
    code = "link_full"


class WrongPassphrase(LabelingError):
    code = "wrong_passphrase"


class BadNickname(LabelingError):
    code = "bad_nickname"


class TooManyTries(LabelingError):
    code = "too_many"


class CampaignClosed(LabelingError):
    code = "campaign_closed"


class BadMessage(LabelingError):
    """A frame that is not one of labeling/protocol.py's."""

    code = "bad_message"


class NoSuchCard(LabelingError):
    """A tile that the campaign does not have."""

    code = "no_such_card"


class UnknownAnswer(LabelingError):
    code = "unknown_answer"


class NoSuchRound(LabelingError):
    """No round of that number, or none that has a classifier yet."""

    code = "not_found"


class NoSuchVote(LabelingError):
    code = "no_such_vote"


class NoSuchSweep(LabelingError):
    """No sweep, or no audit of it, or its files are gone."""

    code = "not_found"


class SweepUnready(LabelingError):
    """There is no classifier yet to sweep with, or the sweep has not finished, or another one still runs."""

    code = "not_ready"


class BadSweep(LabelingError):
    """What a sweep or an audit is asked for contradicts itself."""

    code = "bad_sweep"
