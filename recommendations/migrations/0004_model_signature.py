"""Models are signed from now on. Those published before are signed here, once, if their checksums are right."""

import logging

from django.db import migrations, models

logger = logging.getLogger(__name__)


def sign_what_is_whole(apps, schema_editor):
    from recommendations import registry

    versions = apps.get_model("recommendations", "ModelVersion").objects.using(schema_editor.connection.alias)
    for version in versions.filter(signature=""):
        try:
            registry.sign(version, trust_checksum=True)
        except registry.ArtefactError as error:
            logger.warning("model version %d is not signed, and will not be served: %s", version.pk, error)


class Migration(migrations.Migration):

    dependencies = [
        ('recommendations', '0003_training_search'),
    ]

    operations = [
        migrations.AddField(
            model_name='modelversion',
            name='signature',
            field=models.CharField(blank=True, default='', help_text="Of its manifest, by the shop's key.", max_length=64),
        ),
        # Only shops that are older than this have anything to sign: it may go when migrations are squashed.
        migrations.RunPython(sign_what_is_whole, migrations.RunPython.noop, elidable=True),
    ]
