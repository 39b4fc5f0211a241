//! The rules of lessons, aims and tallies, and of the stories that are chosen at gatherings.

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;
use uuid::Uuid;

use super::{Broken, LogState, RuleRoom};
use crate::domain::aim::Aim;
use crate::domain::organisation::{LessonConsent, LessonOrigin, LessonVoice};
use crate::domain::text::Slug;
use crate::domain::{Event, GatheringEvent, GrantEvent, GroupEvent, OrganisationEvent, Rule};
use crate::eventlog::recorded_event::RecordedEvent;

#[derive(Default)]
pub(super) struct Learning {
    lessons: u32,
    aims: AimVersions,
    /// By group or gathering, and number of the tally.
    tallies: BTreeMap<(Uuid, u16), SeenTally>,
    /// By grant and number: whether the story is published.
    stories: BTreeMap<(Uuid, u16), bool>,
    /// By gathering, grant and number of the story.
    chosen: BTreeSet<(Uuid, Uuid, u16)>,
}

/// The options of each question, by version of the aims.
#[derive(Default)]
struct AimVersions(Vec<BTreeMap<Slug, BTreeSet<Slug>>>);

/// The question that a tally answers.
struct SeenTally {
    version: u32,
    question: Slug,
}

/// How many chose each option.
type Counts = BTreeMap<Slug, u32>;

impl RuleRoom for Learning {
    fn rules(&self) -> &'static [Rule] {
        &[Rule::LessonConsented, Rule::TallyOfAims, Rule::ChosenStory]
    }

    fn check(&mut self, event: &RecordedEvent, _: &LogState, broken: &mut Broken<'_>) {
        let id = event.stream;
        match &event.event {
            Event::Organisation(happened) => self.check_organisation(happened, broken),
            Event::Grant(GrantEvent::StoryPublished { story, .. }) => {
                self.stories.insert((id, *story), true);
            }
            Event::Grant(GrantEvent::StoryWithdrawn { story }) => {
                self.stories.insert((id, *story), false);
            }
            Event::Gathering(GatheringEvent::StoryChosen { grant, story, .. }) => {
                let stands = self.stories.get(&(grant.0, *story)) == Some(&true);
                let says = "a story was chosen that was not published, or was withdrawn";
                broken.unless(stands, Rule::ChosenStory, says);
                let is_new = self.chosen.insert((id, grant.0, *story));
                let says = "a story was chosen twice at one gathering";
                broken.unless(is_new, Rule::ChosenStory, says);
            }
            Event::Group(GroupEvent::TallyGiven {
                tally,
                version,
                question,
                counts,
                ..
            })
            | Event::Gathering(GatheringEvent::TallyGiven {
                tally,
                version,
                question,
                counts,
                ..
            }) => {
                let given = SeenTally {
                    version: *version,
                    question: question.clone(),
                };
                if let Err(says) = self.check_given(id, *tally, &given, counts) {
                    broken.report(Rule::TallyOfAims, says);
                }
                self.tallies.insert((id, *tally), given);
            }
            Event::Group(GroupEvent::TallyCorrected { tally, counts, .. })
            | Event::Gathering(GatheringEvent::TallyCorrected { tally, counts, .. }) => {
                let checked = match self.tallies.get(&(id, *tally)) {
                    Some(given) => self.aims.check(given, counts),
                    None => Err("a tally was corrected that was not given"),
                };
                if let Err(says) = checked {
                    broken.report(Rule::TallyOfAims, says);
                }
            }
            _ => {}
        }
    }
}

impl Learning {
    fn check_organisation(&mut self, event: &OrganisationEvent, broken: &mut Broken<'_>) {
        match event {
            OrganisationEvent::AimsAdopted { version, aims } => {
                self.aims.adopt(aims);
                let is_next = usize::try_from(*version) == Ok(self.aims.0.len());
                let says = "aims were adopted without the next version";
                broken.unless(is_next, Rule::TallyOfAims, says);
            }
            OrganisationEvent::LessonPublished {
                lesson,
                voice,
                grew_from,
                consent,
                published_on,
                ..
            } => {
                let is_next = self.lessons.checked_add(1) == Some(*lesson);
                let says = "a lesson was published without the next number";
                broken.unless(is_next, Rule::LessonConsented, says);
                self.lessons = *lesson;
                let words = (*voice, grew_from.as_ref());
                let says = "a lesson with words of a group has no consent from before it";
                broken.unless(
                    has_consent(words, consent.as_ref(), *published_on),
                    Rule::LessonConsented,
                    says,
                );
            }
            _ => {}
        }
    }

    fn check_given(
        &self,
        record: Uuid,
        number: u16,
        given: &SeenTally,
        counts: &Counts,
    ) -> Result<(), &'static str> {
        let of_record = (record, 0)..=(record, u16::MAX);
        let last = self.tallies.range(of_record).next_back();
        if last.map_or(0, |((_, last), _)| *last).checked_add(1) != Some(number) {
            return Err("a tally has not the next number");
        }
        self.aims.check(given, counts)
    }
}

/// Whether a lesson has the consent that its words need.
fn has_consent(
    (voice, grew_from): (LessonVoice, Option<&LessonOrigin>),
    consent: Option<&LessonConsent>,
    published_on: Date,
) -> bool {
    let of_update = matches!(
        grew_from,
        Some(LessonOrigin::Grant {
            update: Some(_),
            ..
        })
    );
    match consent {
        Some(consent) => consent.consented_on <= published_on,
        None => voice == LessonVoice::Staff && !of_update,
    }
}

impl AimVersions {
    fn adopt(&mut self, aims: &[Aim]) {
        let mut questions: BTreeMap<Slug, BTreeSet<Slug>> = BTreeMap::new();
        for question in aims.iter().flat_map(|aim| &aim.questions) {
            let options = question.options.iter().map(|one| one.option.clone());
            questions.insert(question.question.clone(), options.collect());
        }
        self.0.push(questions);
    }

    /// Checks the numbers of a tally against the question that it answers.
    fn check(&self, given: &SeenTally, counts: &Counts) -> Result<(), &'static str> {
        let at = given.version.checked_sub(1);
        let version = at
            .and_then(|at| usize::try_from(at).ok())
            .and_then(|at| self.0.get(at));
        let Some(options) = version.and_then(|version| version.get(&given.question)) else {
            return Err("the question of a tally is not in the aims of its version");
        };
        if !counts.keys().all(|option| options.contains(option)) {
            return Err("a tally has an option that its question has not");
        }
        if counts.values().copied().map(u64::from).sum::<u64>() < 2 {
            return Err("a tally is of fewer than two people");
        }
        Ok(())
    }
}
