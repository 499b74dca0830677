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


class NoSuchVote(LabelingError):
    code = "no_such_vote"
