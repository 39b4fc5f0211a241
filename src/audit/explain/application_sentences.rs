//! What happened to an application, in sentences.

use super::facts::GrantFacts;
use super::known_names::{KnownNames, list_text};
use super::sentences::{Teller, quoted};
use crate::domain::application::{Channel, PanelSitting, Terms};
use crate::domain::language::day_text;
use crate::domain::{ApplicationEvent, PersonId};

/// The sentence of an event. None for events that need no words of their own.
pub(super) fn sentence(by: &Teller<'_>, happened: &ApplicationEvent) -> Option<String> {
    use ApplicationEvent as E;
    let actor = &by.actor;
    Some(match happened {
        E::ApplicationStarted { .. } => format!(
            "{actor} started the application of {} to {}, round {}. Its number is {}.",
            by.names.of_record(by.facts.group),
            by.names.of_record(by.facts.fund),
            by.facts.round,
            by.facts.number
        ),
        E::AnswersSaved { keyed_by, .. } => match keyed_by {
            Some(_) => format!("{actor} typed in answers for the group."),
            None => format!("{actor} saved answers."),
        },
        E::ApplicationSubmitted {
            requested,
            channel,
            received_on,
            late_reason,
            ..
        } => {
            let mut says = format!(
                "{actor} sent the application, which came {} on {}. It asks for {requested}.",
                channel_text(*channel),
                day_text(*received_on)
            );
            if let Some(reason) = late_reason {
                says.push_str(" It was late: ");
                says.push_str(&quoted(reason.as_str()));
                says.push('.');
            }
            says
        }
        E::ApplicationResubmitted { requested, .. } => {
            format!("{actor} sent the changed application. It asks for {requested}.")
        }
        E::ChangesRequested { due_on, note, .. } => format!(
            "{actor} asked for changes by {}: {}.",
            day_text(*due_on),
            quoted(note.as_str())
        ),
        E::EligibilityConfirmed { .. } => format!("{actor} found the application eligible."),
        E::EligibilityRefused { reason, .. } => format!(
            "{actor} found the application not eligible: {}.",
            quoted(reason.as_str())
        ),
        E::EligibilityTakenBack { .. } => {
            format!("{actor} took back what was said about eligibility.")
        }
        E::ApplicationWithdrawn {} => format!("{actor} withdrew the application."),
        E::ApplicationLapsed {} => "The application lapsed: it was not sent in time.".to_owned(),
        E::DraftReopened {} => format!("{actor} opened the draft again."),
        _ => return panel_sentence(by, happened),
    })
}

fn panel_sentence(by: &Teller<'_>, happened: &ApplicationEvent) -> Option<String> {
    use ApplicationEvent as E;
    let actor = &by.actor;
    Some(match happened {
        E::NoInterestDeclared { .. } => format!("{actor} declared no interest."),
        E::InterestDeclared { .. } => {
            format!("{actor} declared an interest, and takes no part in this decision.")
        }
        E::ScoreGiven { criteria, .. } | E::ScoreRevised { criteria, .. } => {
            let points: Vec<String> = criteria
                .iter()
                .map(|(criterion, points)| format!("{criterion} {points}"))
                .collect();
            let what = match happened {
                E::ScoreGiven { .. } => "scored it",
                _ => "changed their score",
            };
            format!("{actor} {what}: {}.", list_text(&points))
        }
        E::ScoreSetAside { of, reason, .. } => format!(
            "{actor} set aside the score of {}: {}.",
            by.names.name(*of),
            quoted(reason.as_str())
        ),
        E::PublicSummaryWritten { summary } => format!(
            "{actor} wrote the public summary, {}.",
            quoted(summary.title.as_str())
        ),
        E::Awarded {
            terms,
            reason,
            sitting,
            letter,
        } => {
            let mut says = awarded(by.facts, by.names, terms, sitting);
            if let Some(reason) = reason {
                says.push_str(" The reason given: ");
                says.push_str(&quoted(reason.as_str()));
                says.push('.');
            }
            if let Some(letter) = letter {
                says.push_str(" The letter waits until ");
                says.push_str(&day_text(letter.letters_on));
                says.push('.');
            }
            says
        }
        E::Declined { reason, .. } => {
            format!("The panel declined it: {}.", quoted(reason.as_str()))
        }
        E::Deferred { reason, .. } => {
            format!("The panel deferred it: {}.", quoted(reason.as_str()))
        }
        E::Reserved { rank, reason, .. } => format!(
            "The panel put it on the reserve list at {rank}: {}.",
            quoted(reason.as_str())
        ),
        _ => return after_decision_sentence(by, happened),
    })
}

fn after_decision_sentence(by: &Teller<'_>, happened: &ApplicationEvent) -> Option<String> {
    use ApplicationEvent as E;
    let actor = &by.actor;
    Some(match happened {
        E::DecisionTakenBack { reason, .. } => format!(
            "The panel took its decision back: {}.",
            quoted(reason.as_str())
        ),
        E::AttendanceConfirmed { person, .. } => format!(
            "{} confirmed that they were there when the panel decided.",
            by.names.name(*person)
        ),
        E::LetterMoved { letters_on } => {
            format!("{actor} moved the letter to {}.", day_text(*letters_on))
        }
        E::LetterReleased { .. } => "The letter about the decision went out.".to_owned(),
        E::ReviewRequested { requested_on, .. } => {
            format!(
                "On {} the group asked for a review.",
                day_text(*requested_on)
            )
        }
        E::ReviewDecided { upheld, reason, .. } => format!(
            "{actor} decided the review {} the group: {}.",
            if *upheld { "for" } else { "against" },
            quoted(reason.as_str())
        ),
        _ => return None,
    })
}

fn awarded(
    facts: &GrantFacts,
    names: &KnownNames,
    terms: &Terms,
    sitting: &PanelSitting,
) -> String {
    let present = names.names(sitting.present.iter().copied());
    let mut says = format!(
        "The panel awarded {} of the {} asked for. Present: {present}",
        terms.amount, facts.requested
    );
    if let Some(quorum) = sitting.quorum {
        says.push_str(" (at least ");
        says.push_str(&quorum.to_string());
        says.push_str(" are needed)");
    }
    says.push_str(". ");
    says.push_str(&interests_text(facts, names, sitting));
    says
}

fn interests_text(facts: &GrantFacts, names: &KnownNames, sitting: &PanelSitting) -> String {
    let of = |wanted: Option<bool>| -> Vec<PersonId> {
        let declared = |person: &PersonId| facts.declared.get(person).copied();
        let found = sitting.present.iter().copied();
        found.filter(|person| declared(person) == wanted).collect()
    };
    let (interested, silent) = (of(Some(true)), of(None));
    let mut says = if interested.is_empty() && silent.is_empty() {
        "All of them had declared no interest.".to_owned()
    } else {
        let mut says = String::new();
        if !interested.is_empty() {
            says.push_str(&names.names(interested));
            says.push_str(" had declared an interest.");
        }
        if !silent.is_empty() {
            says.push_str(" Nothing was declared by ");
            says.push_str(&names.names(silent));
            says.push('.');
        }
        says.trim_start().to_owned()
    };
    if !sitting.withdrew.is_empty() {
        says.push_str(" Because of an interest, these left: ");
        says.push_str(&names.names(sitting.withdrew.iter().copied()));
        says.push('.');
    }
    says
}

fn channel_text(channel: Channel) -> &'static str {
    match channel {
        Channel::Web => "by the web",
        Channel::Phone => "by phone",
        Channel::Paper => "on paper",
        Channel::InPerson => "in person",
    }
}
