//! One sentence for each event of a gathering, in plain words.

use super::super::grant_sentences::count_text;
use super::super::known_names::{KnownNames, list_text};
use super::super::sentences::quoted;
use super::facts::GatheringFacts;
use crate::domain::gathering::{
    GatheringEvent, GatheringKind, GatheringWords, SessionPlan, Turnout,
};
use crate::domain::language::day_text;
use crate::domain::tally::people_in;
use crate::domain::{GroupId, PersonId};

/// The sentence of an event, given who did it and the facts before it.
pub(super) fn sentence(
    event: &GatheringEvent,
    by: &str,
    facts: &GatheringFacts,
    names: &KnownNames,
) -> String {
    use GatheringEvent as E;
    match event {
        E::GatheringPlanned {
            kind, about, leads, ..
        } => {
            let lead = names.names(leads.iter().copied());
            let kind = kind_text(*kind);
            format!("{by} planned {kind}, {}, led by {lead}.", about_text(about))
        }
        E::GatheringDescribed { about } => {
            format!("{by} described it anew as {}.", about_text(about))
        }
        E::GatheringOpened { .. } => format!("{by} opened it, so that everyone could see it."),
        E::GatheringEnded { .. } => format!("{by} ended it."),
        E::RiskChecked { good_until } => {
            let until = day_text(*good_until);
            format!("{by} recorded that its risks were checked, valid until {until}.")
        }
        E::LeadOffered { person } => format!("{by} offered the lead to {}.", names.name(*person)),
        E::LeadTaken { person, .. } => format!("{} took the lead.", names.name(*person)),
        E::LeadLeft { person } => {
            let rest = names.names(facts.leads_without(*person));
            let person = names.name(*person);
            format!("{person} stopped leading it. It was then led by {rest}.")
        }
        E::HandAskedFor { lead, .. } => {
            let lead = names.name(*lead);
            format!("{lead} asked the office for a hand. The words are encrypted.")
        }
        E::HandForgotten { .. } => "what leads had asked for was deleted.".to_owned(),
        E::SessionAdded { session, plan } => {
            format!("{by} added session {session}, {}.", plan_text(plan))
        }
        E::SessionMoved { session, plan } => {
            format!("{by} changed session {session}: {}.", plan_text(plan))
        }
        E::SessionCancelled { session, reason } => {
            let found = facts.session(*session);
            let (taken, waiting) = found.map_or((0, 0), |one| (one.taken.len(), one.waiting.len()));
            let reason = quoted(reason.as_str());
            format!(
                "{by} cancelled session {session}: {reason}. {} a place, and {} for one.",
                had(taken),
                waited(waiting)
            )
        }
        _ => sign_up_sentence(event, by, facts, names)
            .unwrap_or_else(|| session_sentence(event, by, facts, names)),
    }
}

/// The sentence of an event about who has a place; none for other events.
fn sign_up_sentence(
    event: &GatheringEvent,
    by: &str,
    facts: &GatheringFacts,
    names: &KnownNames,
) -> Option<String> {
    use GatheringEvent as E;
    let signed = |person: PersonId, group: Option<GroupId>| {
        let group = group.map(|group| names.of_record(group.0));
        let group = group.map_or_else(String::new, |group| format!(", of {group},"));
        let own = names.name(person);
        if own == by {
            format!("{own}{group} signed up")
        } else {
            format!("{by} signed up {own}{group}")
        }
    };
    Some(match event {
        E::PlaceTaken {
            session,
            person,
            waited: true,
            ..
        } => {
            let person = names.name(*person);
            format!(
                "{person}, who was first of those who waited, got a place at session {session}."
            )
        }
        E::PlaceTaken {
            session,
            person,
            group,
            ..
        } => {
            let found = facts.session(*session);
            let taken = found.map_or(0, |one| one.taken.len()).saturating_add(1);
            let places = found.and_then(|one| one.places);
            let of =
                places.map_or_else(String::new, |places| format!(": place {taken} of {places}"));
            format!("{} for session {session}{of}.", signed(*person, *group))
        }
        E::WaitingJoined {
            session,
            person,
            rank,
            group,
            ..
        } => {
            let signed = signed(*person, *group);
            format!(
                "{signed} for session {session}, which was full: number {rank} of those who wait."
            )
        }
        E::PlaceGivenUp { session, person } => {
            let person = names.name(*person);
            format!("{person} gave up a place at session {session}.")
        }
        E::WaitingLeft { session, person } => {
            let person = names.name(*person);
            format!("{person} stopped waiting for a place at session {session}.")
        }
        E::SignUpsCounted { session, people } => {
            format!("{by} counted {people} people who want to come to session {session}.")
        }
        _ => return None,
    })
}

/// The sentence of an event about what took place at a session.
fn session_sentence(
    event: &GatheringEvent,
    by: &str,
    facts: &GatheringFacts,
    names: &KnownNames,
) -> String {
    use GatheringEvent as E;
    match event {
        E::SessionHeld { session, came } => {
            let came = came_text(came, names);
            format!("{by} recorded that session {session} took place: {came}.")
        }
        E::AttendanceCorrected {
            session,
            came,
            reason,
        } => {
            let before = facts.session(*session).and_then(|one| one.people);
            let (before, came) = (before.unwrap_or_default(), came_text(came, names));
            let reason = quoted(reason.as_str());
            format!("{by} corrected session {session} from {before} people, {reason}: {came}.")
        }
        E::NotesWritten { session, signs, .. } => {
            let signs: Vec<String> = signs.iter().map(ToString::to_string).collect();
            let seen = if signs.is_empty() {
                "no sign".to_owned()
            } else {
                list_text(&signs)
            };
            format!("{by} wrote notes of session {session}, with {seen}.")
        }
        E::SessionReminded { session } => {
            format!("{by} reminded those who signed up for session {session}.")
        }
        E::NeedsForgotten { session, needs } => {
            let needs = count_text(needs.len(), "answer", "answers");
            format!("{by} deleted what people need at session {session}: {needs}.")
        }
        E::StoryChosen { story, why, .. } => {
            let why = quoted(why.as_str());
            format!("{by} recorded that story {story} of a grant was chosen: {why}.")
        }
        E::TallyGiven {
            question, counts, ..
        } => {
            let people = people_in(counts);
            format!("{by} gave the numbers of {people} answers to the question {question}.")
        }
        E::TallyCorrected { tally, reason, .. } => {
            let reason = quoted(reason.as_str());
            format!("{by} corrected the numbers of tally {tally}: {reason}.")
        }
        _ => format!("{by} changed it."),
    }
}

fn about_text(about: &GatheringWords) -> String {
    let title = quoted(about.title.as_str());
    match &about.area {
        Some(area) => format!("{title} in {area}"),
        None => title,
    }
}

fn plan_text(plan: &SessionPlan) -> String {
    let places = match plan.places {
        Some(places) => format!("for {places} people"),
        None => "for any number of people".to_owned(),
    };
    let (day, from, to) = (day_text(plan.day), &plan.starts_at, &plan.ends_at);
    format!("on {day} from {from} to {to}, {places}")
}

fn came_text(came: &Turnout, names: &KnownNames) -> String {
    let groups: Vec<String> = came
        .groups
        .iter()
        .map(|from| format!("{} from {}", from.people, names.of_record(from.group.0)))
        .collect();
    let mut parts = vec![format!("{} people came", came.people)];
    if !came.named.is_empty() {
        parts.push(format!("{} of them by name", came.named.len()));
    }
    if !groups.is_empty() {
        parts.push(list_text(&groups));
    }
    parts.join(", ")
}

fn had(count: usize) -> String {
    match count {
        0 => "Nobody had".to_owned(),
        1 => "1 person had".to_owned(),
        count => format!("{count} people had"),
    }
}

fn waited(count: usize) -> String {
    match count {
        0 => "nobody waited".to_owned(),
        1 => "1 person waited".to_owned(),
        count => format!("{count} people waited"),
    }
}

fn kind_text(kind: GatheringKind) -> &'static str {
    match kind {
        GatheringKind::CallToAction => "a call to action",
        GatheringKind::Circle => "a circle",
        GatheringKind::Workshop => "a workshop",
        GatheringKind::Conversation => "a conversation",
        GatheringKind::Community => "a community of practice",
        GatheringKind::Activity => "an activity",
        GatheringKind::Visit => "a visit",
        GatheringKind::Training => "a training",
        GatheringKind::Research => "a piece of research",
    }
}
