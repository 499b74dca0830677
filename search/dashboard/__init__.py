"""The pages under /datasets/, and the figures that they and the API show."""
