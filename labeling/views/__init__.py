from labeling.views.campaigns import campaigns

__all__ = ["campaigns"]
