from django.db import migrations

from portal.trigrams import trigrams


class Migration(migrations.Migration):
    dependencies = [
        ("campaigns", "0004_lists_of_a_million"),
    ]

    operations = [
        # What the roster's search box looks in, as Django asks for it whatever the capitals; see
        # portal.trigrams for a site that is in use.
        trigrams(
            "campaigns_member",
            "member_names",
            "upper(given_name::text)",
            "upper(family_name::text)",
        ),
        trigrams(
            "campaigns_rosterentry", "roster_words", "upper(email::text)", "upper(number::text)"
        ),
    ]
