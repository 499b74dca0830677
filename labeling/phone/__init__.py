"""What somebody sees who was sent a link: no account, one campaign's tiles, nothing else."""
