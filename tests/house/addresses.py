"""Every address of ours with something real behind it, and what a person who may would send there."""

from __future__ import annotations

import datetime as dt
import io
from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import URLPattern, URLResolver, get_resolver, reverse
from django.utils import timezone
from PIL import Image

from campaigns.models import Prompt
from portal import access
from stories.forms.prompts import field_name
from stories.models import Revision, Story
from stories.verbs.telling import working_copy
from tests.house.sides import ROSTER, Coalition, Side, draft_of

Arguments = dict[str, tuple[object, ...]]


def own_names() -> set[str]:
    """Every URL name of ours that has a row of the permission table."""

    def walk(patterns: list[URLPattern | URLResolver], space: str = "") -> set[str]:
        found: set[str] = set()
        for pattern in patterns:
            if isinstance(pattern, URLResolver):
                inner = f"{space}{pattern.namespace}:" if pattern.namespace else space
                found |= walk(pattern.url_patterns, inner)
            else:
                found.add(f"{space}{pattern.name or pattern.pattern}")
        return found

    foreign = (*access.FOREIGN, access.ADMIN_NAMES, "social/")
    return {name for name in walk(get_resolver().url_patterns) if not name.startswith(foreign)}


def arguments(coalition: Coalition, side: Side) -> Arguments:
    """What stands in this side's addresses, by the URL's name; names that are not here take nothing."""
    return {
        **_of_portal(coalition, side),
        **_of_societies(side),
        **_of_leads(side),
        **_of_authors(side),
        **_of_review(side),
        **_of_handing_over(side),
    }


def late_arguments(coalition: Coalition, side: Side) -> Arguments:
    """The same for things with which it is too late for what the URL does."""
    stories, planned, running = side.stories, side.planned, side.world.campaign
    taken_out = (stories.gone.ref,)
    ended = dict.fromkeys(
        (
            *("write", "save", "photo", "photo_remove", "preview", "submit"),
            *("consents", "withdraw", "approve", "ask_changes", "decline", "edit"),
        ),
        taken_out,
    )
    partnership = running.partnerships.order_by("pk")[0]
    return {
        **{f"stories:{name}": found for name, found in ended.items()},
        "stories:accept_edit": (stories.signed.ref,),
        "stories:refuse_edit": (stories.signed.ref,),
        "stories:claim": (stories.taken.ref,),
        "stories:hand_back": (stories.submitted.ref,),
        "stories:batch_file": (side.closed.ref, "stories.csv"),
        "stories:acknowledge": (side.closed.ref,),
        "stories:answer_recall": (side.answered.ref,),
        "stories:api:file": (side.closed.ref, "stories.csv"),
        "stories:api:acknowledge": (side.closed.ref,),
        "stories:api:answer_recall": (side.answered.ref,),
        "campaigns:start": (running.slug,),
        "campaigns:end": (planned.slug,),
        "campaigns:remove_partner": (running.slug, partnership.pk),
        "campaigns:remove_phase": (running.slug, side.world.phase_one.pk),
        "campaigns:delete_prompt": (running.slug, side.world.prompts["date"].pk),
        "campaigns:accept_request": (side.decided.pk,),
        "campaigns:refuse_request": (side.decided.pk,),
        "campaigns:set_columns": (side.world.isscr.slug, side.confirmed.pk),
        "campaigns:confirm_roster": (side.world.isscr.slug, side.confirmed.pk),
        "campaigns:discard_roster": (side.world.isscr.slug, side.confirmed.pk),
        "retry_message": (coalition.sent.pk,),
        "retry_job": (coalition.done.pk,),
    }


def _of_portal(coalition: Coalition, side: Side) -> Arguments:
    return {
        "retry_message": (coalition.message.pk,),
        "retry_job": (coalition.job.pk,),
        "end_session": (side.session.pk,),
        "signing_key": (coalition.key_id,),
        "demo_message": ("x.eml",),
        "demo_message_html": ("x.eml",),
    }


def _of_societies(side: Side) -> Arguments:
    society, campaign = (side.world.isscr.slug,), (side.world.campaign.slug,)
    upload = (side.world.isscr.slug, side.upload.pk)
    token = side.world.mia_member.token
    return {
        **dict.fromkeys(
            ("campaigns:roster", "campaigns:upload_roster", "campaigns:send_roster"), society
        ),
        **dict.fromkeys(("campaigns:roster_import", "campaigns:set_columns"), upload),
        **dict.fromkeys(("campaigns:confirm_roster", "campaigns:discard_roster"), upload),
        "campaigns:roster_lines": (*upload, "added"),
        "campaigns:accept_request": (side.request.pk,),
        "campaigns:refuse_request": (side.request.pk,),
        **dict.fromkeys(("campaigns:campaign", "campaigns:join"), campaign),
        **dict.fromkeys(("campaigns:wish", "campaigns:unwish"), campaign),
        "campaigns:invitation": (token, *campaign),
        "campaigns:unsubscribe": (token,),
        "campaigns:resubscribe": (token,),
    }


def _of_leads(side: Side) -> Arguments:
    planned, running, world = side.planned, side.world.campaign, side.world
    pages = "setup reach start_page start basics rhythm consent phases add_phase prompts add_prompt"
    prompt = (planned.slug, prompt_of(side, "date").pk)
    partnership = (planned.slug, planned.partnerships.order_by("-pk")[0].pk)
    return {
        **{f"campaigns:{name}": (planned.slug,) for name in pages.split()},
        **{f"campaigns:{name}": (planned.slug,) for name in ("partners", "societies", "leads")},
        **{f"campaigns:{name}": (running.slug,) for name in ("end_page", "end")},
        "campaigns:change_phase": (planned.slug, planned.phases.order_by("pk")[0].pk),
        "campaigns:remove_phase": (planned.slug, planned.phases.order_by("pk")[0].pk),
        **dict.fromkeys(("campaigns:change_prompt", "campaigns:move_prompt"), prompt),
        **dict.fromkeys(("campaigns:retire_prompt", "campaigns:delete_prompt"), prompt),
        **dict.fromkeys(("campaigns:lead_partner", "campaigns:remove_partner"), partnership),
        "campaigns:remove_society": (planned.slug, world.isscr.pk),
        "campaigns:remove_lead": (planned.slug, side.helper.pk),
        "stories:lead_batches": (running.slug,),
        "stories:lead_stories": (running.slug,),
        "stories:coverage": (running.slug,),
        "stories:lead_next": (running.slug, world.research_america.slug),
        "stories:seal": (running.slug, world.research_america.slug),
        "stories:lead_batch": (side.batch.ref,),
        "stories:lead_story": (side.stories.handed_over.ref,),
        "stories:lead_photo": (side.stories.handed_over.ref, world.research_america.slug),
    }


def _of_authors(side: Side) -> Arguments:
    stories = side.stories
    draft = working_copy(stories.draft)
    writing = "write save photo photo_remove preview submit"
    return {
        "stories:begin": (side.world.campaign.slug,),
        "stories:adopt": (side.imported.pk,),
        **{f"stories:{name}": (stories.draft.ref,) for name in writing.split()},
        "stories:photo_file": (stories.draft.ref, draft.photo_id),
        "stories:story": (stories.handed_over.ref,),
        "stories:consents": (stories.handed_over.ref,),
        "stories:withdraw": (stories.handed_over.ref,),
        **{
            f"stories:{name}": (stories.edited.ref,)
            for name in ("sign_off", "accept_edit", "refuse_edit")
        },
    }


def _of_review(side: Side) -> Arguments:
    deciding = "review hand_back note tags edit approve ask_changes decline"
    return {
        **{f"stories:{name}": (side.stories.taken.ref,) for name in deciding.split()},
        "stories:claim": (side.stories.submitted.ref,),
        "stories:review_photo": (side.stories.handed_over.ref, 1),
    }


def _of_handing_over(side: Side) -> Arguments:
    batch, recall = (side.batch.ref,), (side.recall.ref,)
    return {
        "stories:batch": batch,
        "stories:acknowledge": batch,
        "stories:batch_file": (*batch, "stories.csv"),
        "stories:library_story": (side.item.pk,),
        "stories:library_photo": (side.item.pk,),
        "stories:library_export": ("csv",),
        "stories:recall": recall,
        "stories:answer_recall": recall,
        "stories:revoke_token": (side.token.pk,),
        "stories:api:batch": batch,
        "stories:api:acknowledge": batch,
        "stories:api:file": (*batch, "stories.csv"),
        "stories:api:answer_recall": recall,
    }


def prompt_of(side: Side, kind: str) -> Prompt:
    """The planned campaign's prompt of a kind."""
    found: Prompt = side.planned.prompts.get(kind=kind)
    return found


def address(name: str, found: Arguments) -> str:
    """The path of a URL's name."""
    return reverse(name, args=found.get(name, ()))


# --- What is sent -------------------------------------------------------------------------------


def sent_to(side: Side, name: str, about: tuple[object, ...]) -> dict[str, Any]:
    """What a page of ours would send to a URL about `about`, field by field; files are made anew."""
    data = _sent_by_authors(side) | _sent_by_staff(side, about) | _sent_by_leads(side)
    return data.get(name, {})


def picture() -> SimpleUploadedFile:
    """A photo as a phone sends it."""
    file = io.BytesIO()
    Image.new("RGB", (40, 30), "teal").save(file, "JPEG")
    return SimpleUploadedFile("me.jpg", file.getvalue(), content_type="image/jpeg")


def whole_form(side: Side) -> dict[str, Any]:
    """The story form of the draft, complete."""
    typed, world = draft_of(side.world), side.world
    (key, line) = next(iter(typed["consents"].items()))
    return {
        "hook": typed["hook"],
        **typed["naming"],
        **{field_name(int(prompt)): value for prompt, value in typed["answers"].items()},
        "lines": [key],
        **{f"line-{key}-{part}": value for part, value in line.items()},
        "version": working_copy(side.stories.draft).version,
        "window": "here",
        "consent_version": world.consent_text.version,
    }


def _sent_by_authors(side: Side) -> dict[str, dict[str, Any]]:
    form = whole_form(side)
    grid = {
        key: value for key, value in form.items() if key.startswith(("line", "consent", "full"))
    }
    return {
        "rename": {"name": "Another Name"},
        "campaigns:save_places": {"home_zip": "66045", "work_zip": "66160"},
        "campaigns:ask_to_be_added": {"society": side.world.rivers.pk, "note": "me"},
        "campaigns:join": {"society": ""},
        **dict.fromkeys(("stories:save", "stories:preview", "stories:submit"), form),
        "stories:photo": form | {"photo": picture()},
        "stories:photo_remove": form,
        "stories:accept_edit": {"revision": 2},
        "stories:refuse_edit": {"revision": 2},
        "stories:consents": grid | {"confirmed": "1"},
    }


def _sent_by_staff(side: Side, about: tuple[object, ...]) -> dict[str, dict[str, Any]]:
    revision = _on_screen(about)
    read = {"revision": revision.number} if revision else {}
    edit = {
        f"answer-{answer['prompt']}": "Words that a coordinator has changed a little."
        for answer in (revision.answers if revision else [])
        if answer["kind"] in {"short_text", "long_text"}
    }
    return {
        "stories:take_next": {
            **dict.fromkeys(("show", "q", "campaign", "state", "district", "tag", "mine"), "")
        },
        "stories:note": {"note": "Ask her"},
        "stories:tags": {"tags": "eyes, kansas"},
        "stories:edit": read | edit | {"hook": "A shorter line", "remark": "Shorter."},
        "stories:approve": read,
        "stories:ask_changes": read | {"ask_changes-reason": "Say more"},
        "stories:decline": read | {"decline-reason": "Not ours"},
        "campaigns:send_roster": {"file": SimpleUploadedFile("roster.csv", ROSTER)},
        "campaigns:set_columns": {"email": "email", "given_name": "first name"},
        "campaigns:save_notices": {f"society_{side.world.isscr.pk}": "daily"},
        "stories:acknowledge": {"name": "Pat Officer"},
        "stories:answer_recall": {"answer": "deleted"},
        "stories:tokens": {
            "name": "Sync",
            "officer": side.token.officer_id,
        },
        "stories:api:acknowledge": {"name": "Pat Officer"},
        "stories:api:answer_recall": {"answer": "deleted"},
    }


def _on_screen(about: tuple[object, ...]) -> Revision | None:
    """The text of the story that an address is about."""
    story = Story.objects.filter(ref=str(about[0])).first() if _is_ref(about) else None
    return story.current_revision if story else None


def _is_ref(about: tuple[object, ...]) -> bool:
    return bool(about) and len(str(about[0])) == 36


def _sent_by_leads(side: Side) -> dict[str, dict[str, Any]]:
    planned, world = side.planned, side.world
    soon = (timezone.now() + dt.timedelta(days=30)).strftime("%Y-%m-%dT09:00")
    later = (timezone.now() + dt.timedelta(days=60)).strftime("%Y-%m-%dT09:00")
    phase = {"name": "A phase", "opens_at": soon, "closes_at": later, "reach": "all"}
    question = {"label": "A question?", "kind": "date", "help_text": "", "required": ""}
    return {
        "campaigns:new": {"name": "One more campaign"},
        "campaigns:basics": {
            "name": planned.name,
            "summary": "Another summary",
            "brief": "Another brief",
            "basis": "home",
            "time_zone": "America/Chicago",
            "consent_months": 6,
        },
        "campaigns:rhythm": {"rhythm": "weekly", "weekday": 2, "hour": 9},
        "campaigns:consent": {"text": "Another wording that says what for and how long."},
        "campaigns:add_phase": phase,
        "campaigns:change_phase": phase,
        "campaigns:add_prompt": question,
        "campaigns:change_prompt": question,
        "campaigns:move_prompt": {"up": "1"},
        "campaigns:partners": {"partner": world.frontline.pk},
        "campaigns:societies": {"society": world.rivers.pk},
        "campaigns:leads": {"person": world.ana.pk},
    }
