//! The actions on an update.

use std::collections::BTreeSet;

use super::DeskRequest;
use super::action::{ActionSpec, sample};
use crate::clock::day_of;
use crate::domain::application::Channel;
use crate::domain::grant::{
    CorrectUpdate, JudgeOutcome, QueryUpdate, ReceiveUpdate, RemindNow, UpdateReason, UpdateRef,
    UpdateState,
};
use crate::domain::outcome::{Sign, Strength};
use crate::domain::personal_data::PersonalInput;
use crate::domain::{Command, GrantCommand as C, GrantId, Money};
use crate::http::pages::form::FieldType;
use crate::projections::GrantRow;
use crate::views::UpdateView;

/// The days within which a group answers a question, as the form suggests them.
const ANSWER_DAYS: i64 = 14;

/// The actions on an update, in the order of its page. `by_hand` says that the group has no email.
pub(super) fn update_actions(
    request: &DeskRequest<'_>,
    grant: &GrantRow,
    (seen, by_hand): (&UpdateView, bool),
    signs: &[Sign],
) -> Vec<ActionSpec> {
    let update = seen.update;
    let spec = |title: &str, command: C| {
        ActionSpec::new(title, Command::Grant(GrantId(grant.id), command))
            .hidden_number("update", update)
    };
    let accept = C::AcceptUpdate(UpdateRef { update });
    let excuse = C::ExcuseUpdate(UpdateReason {
        update,
        reason: sample("why"),
    });
    let mut table = vec![
        spec("Accept the report", accept).expanded(),
        query(request, update, &spec),
    ];
    // A reminder of a report that has come would say that it is late.
    if matches!(seen.state, UpdateState::Requested | UpdateState::Queried) {
        table.push(remind(update, by_hand, &spec));
    }
    table.push(receive(update, &spec));
    table.extend(judge(update, signs, &spec));
    if seen.received_on.is_some() {
        table.push(correct(seen, &spec));
    }
    table.push(
        spec("Let them off this report", excuse)
            .text_area("reason", "Why")
            .hint("They will not need to send it."),
    );
    table
}

fn query(
    request: &DeskRequest<'_>,
    update: u16,
    spec: &impl Fn(&str, C) -> ActionSpec,
) -> ActionSpec {
    let today = day_of(request.app.commands.now());
    let due_on = today.saturating_add(jiff::Span::new().days(ANSWER_DAYS));
    let query = C::QueryUpdate(QueryUpdate {
        update,
        question: sample("why"),
        due_on: Some(due_on),
    });
    spec("Ask a question", query)
        .text_area("question", "Your question")
        .hint("The group gets this by email.")
        .day("due_on", "Answer by")
        .prefill(due_on)
}

/// A reminder of an overdue update, with a sentence that the sender adds.
fn remind(update: u16, by_hand: bool, spec: &impl Fn(&str, C) -> ActionSpec) -> ActionSpec {
    let remind = C::RemindNow(RemindNow { update, note: None });
    let title = if by_hand {
        "Get the words to say"
    } else {
        "Remind now"
    };
    spec(title, remind)
        .text_area("note", "A line of your own (optional)")
        .hint("We add it to the reminder. A group gets at most one reminder a day.")
}

/// Judging an outcome, if the organisation has signs to judge it by.
fn judge(update: u16, signs: &[Sign], spec: &impl Fn(&str, C) -> ActionSpec) -> Option<ActionSpec> {
    let judge = C::JudgeOutcome(JudgeOutcome {
        update,
        sign: signs.first()?.sign.clone(),
        strength: Strength::Some,
        reason: sample("why"),
    });
    let known = signs
        .iter()
        .map(|sign| (sign.sign.to_string(), sign.title.to_string()))
        .collect();
    Some(
        spec("Add our own view of a sign", judge)
            .select("sign", "Which sign?", known)
            .select("strength", "How much of it do you see?", strengths())
            .text_area("reason", "Why"),
    )
}

/// Entering an update that the group gave by telephone, on paper or in person.
fn receive(update: u16, spec: &impl Fn(&str, C) -> ActionSpec) -> ActionSpec {
    let receive = C::ReceiveUpdate(ReceiveUpdate {
        update,
        channel: Channel::Phone,
        words: PersonalInput::Open("words".to_owned()),
        learned: None,
        people: 0,
        volunteers: 0,
        spent: Money::ZERO,
        outcomes: Vec::new(),
        files: BTreeSet::new(),
        pictured: None,
        consent: true,
    });
    spec("Enter the report for the group", receive)
        .select("channel", "How did it come?", ways())
        .text_area("words", "What happened, in the group’s words")
        .text_area("learned", "What was hard, and what they learned")
        .number("people", "How many came")
        .prefill(0)
        .number("volunteers", "How many helped")
        .prefill(0)
        .money("spent", "Spent so far")
        .prefill(0)
        .tick(
            "consent",
            "Consent",
            "The group agrees to what I entered here",
        )
        // A comma without keys is an empty list: no outcome is reported.
        .hidden_as(FieldType::Keys, "outcomes", ",")
}

fn correct(seen: &UpdateView, spec: &impl Fn(&str, C) -> ActionSpec) -> ActionSpec {
    let spent = seen.spent.unwrap_or(Money::ZERO);
    let correct = C::CorrectUpdate(CorrectUpdate {
        update: seen.update,
        people: seen.people + 1,
        volunteers: seen.volunteers,
        spent,
        reason: sample("why"),
    });
    spec("Correct the numbers", correct)
        .number("people", "How many came")
        .prefill(seen.people)
        .number("volunteers", "How many helped")
        .prefill(seen.volunteers)
        .money("spent", "Spent")
        .prefill(spent.as_typed())
        .text_area("reason", "What was wrong?")
}

fn strengths() -> Vec<(String, String)> {
    choices_of([
        ("none", "Not at all"),
        ("some", "A little"),
        ("strong", "A lot"),
    ])
}

/// How the words of a group can come, if it does not send them itself.
pub(super) fn ways() -> Vec<(String, String)> {
    choices_of([
        ("phone", "By phone"),
        ("paper", "On paper"),
        ("in_person", "In person"),
    ])
}

fn choices_of(choices: [(&str, &str); 3]) -> Vec<(String, String)> {
    choices
        .map(|(key, says)| (key.to_owned(), says.to_owned()))
        .to_vec()
}
