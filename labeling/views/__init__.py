from labeling.views.campaigns import campaigns, host, new, qr

__all__ = ["campaigns", "host", "new", "qr"]
