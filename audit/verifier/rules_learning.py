"""Rules about lessons, aims and tallies, and about the stories that are chosen at gatherings."""

from __future__ import annotations

from collections.abc import Iterator

from .checks import check
from .state import Event, LogState


@check("lesson-consented", "organisation.LessonPublished")
def words_of_a_group_have_consent(event: Event, state: LogState) -> Iterator[str]:
    """A lesson has the next number, and with words of a group a consent from before it."""
    p = event.p
    if p["lesson"] != state.lessons + 1:
        yield "a lesson was published without the next number"
    origin = p["grew_from"] or {}
    of_a_group = p["voice"] == "group" or origin.get("update") is not None
    if p["consent"] is None:
        has_consent = not of_a_group
    else:
        has_consent = p["consent"]["consented_on"] <= p["published_on"]
    if not has_consent:
        yield "a lesson with words of a group has no consent from before it"


@check("theme-adopted", "organisation.LessonPublished")
def the_themes_are_adopted(event: Event, state: LogState) -> Iterator[str]:
    """A lesson has themes that are adopted, once there are any."""
    for theme in event.p["themes"]:
        if state.themes and theme not in state.themes:
            yield f"the lesson has the theme {theme}, which was not adopted"


@check("tally-of-aims", "organisation.AimsAdopted")
def aims_have_the_next_version(event: Event, state: LogState) -> Iterator[str]:
    """Aims are adopted with the versions 1, 2, 3 and so on."""
    if event.p["version"] != len(state.aims) + 1:
        yield "aims were adopted without the next version"


@check("tally-of-aims", "group.TallyGiven", "gathering.TallyGiven")
def a_tally_answers_its_question(event: Event, state: LogState) -> Iterator[str]:
    """A tally has the next number, and options of a question in the aims of its version."""
    p, tallies = event.p, state.tallies[event.id]
    if p["tally"] != max(tallies, default=0) + 1:
        yield "a tally has not the next number"
    yield from faults_of_counts(p["counts"], state.options_of(p["version"], p["question"]))


@check("tally-of-aims", "group.TallyCorrected", "gathering.TallyCorrected")
def a_correction_answers_the_same(event: Event, state: LogState) -> Iterator[str]:
    """A correction is of a tally that was given, with options of the same question."""
    p = event.p
    given = state.tallies[event.id].get(p["tally"])
    if given is None:
        yield "a tally was corrected that was not given"
    else:
        yield from faults_of_counts(p["counts"], state.options_of(*given))


def faults_of_counts(counts: dict[str, int], options: set[str] | None) -> Iterator[str]:
    """What is wrong with the numbers of a tally."""
    if options is None:
        yield "the question of a tally is not in the aims of its version"
        return
    if not set(counts) <= options:
        yield "a tally has an option that its question has not"
    if sum(counts.values()) < 2:
        yield "a tally is of fewer than two people"


@check("chosen-story", "gathering.StoryChosen")
def a_chosen_story_stands(event: Event, state: LogState) -> Iterator[str]:
    """A story is chosen while it is published, and once at each gathering."""
    story = event.p["grant"], event.p["story"]
    if state.steps.get(("story", *story)) != "published":
        yield "a story was chosen that was not published, or was withdrawn"
    if story in state.gatherings[event.id].chosen:
        yield "a story was chosen twice at one gathering"
