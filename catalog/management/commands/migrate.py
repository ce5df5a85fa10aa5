"""`manage.py migrate`, Django's own: one at a time, and what it took away is there again when it fails."""

from typing import Any

from django.core.management.commands import migrate

from catalog import migrating


class Command(migrate.Command):
    def handle(self, *args: Any, **options: Any) -> None:
        if options["plan"] or options["check_unapplied"]:
            super().handle(*args, **options)
            return
        using = options["database"]
        with migrating.alone(using=using, wait=True):
            try:
                super().handle(*args, **options)
            except BaseException:
                # `post_migrate`, by which all is put back, is not sent then.
                migrating.after_failure(using=using)
                raise
