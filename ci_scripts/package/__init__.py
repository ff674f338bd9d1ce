"""The deployment package: all that a deploy or a rollback needs, without a checkout."""
