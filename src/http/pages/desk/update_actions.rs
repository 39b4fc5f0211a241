//! The actions on an update.

use std::collections::BTreeSet;

use super::action::{ActionSpec, sample};
use super::{DeskRequest, choices};
use crate::clock::day_of;
use crate::domain::application::Channel;
use crate::domain::grant::{
    CorrectUpdate, JudgeOutcome, QueryUpdate, ReceiveUpdate, UpdateReason, UpdateRef,
};
use crate::domain::outcome::{Sign, Strength};
use crate::domain::personal_data::PersonalInput;
use crate::domain::{Command, GrantCommand as C, GrantId, Money};
use crate::http::pages::PageError;
use crate::http::pages::form::FieldType;
use crate::projections::{GrantRow, OrganisationRow};
use crate::views::UpdateView;

/// The days within which a group answers a question, as the form suggests them.
const ANSWER_DAYS: i64 = 14;

pub(super) async fn update_actions(
    request: &DeskRequest<'_>,
    grant: &GrantRow,
    seen: &UpdateView,
) -> Result<Vec<ActionSpec>, PageError> {
    let own: Option<OrganisationRow> = request
        .app
        .views
        .find(request.app.commands.organisation(), None)
        .await?;
    let signs = own.map(|own| own.signs).unwrap_or_default();
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
        spec("Accept it", accept).expanded(),
        query(request, update, &spec),
        spec("Excuse the group from it", excuse).text_area("reason", "Why"),
    ];
    table.extend(judge(update, &signs, &spec));
    table.push(receive(update, &spec));
    table.push(correct(seen, &spec));
    Ok(table)
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
    spec("Ask something about it", query)
        .text_area("question", "What you ask")
        .hint("The group gets a mail.")
        .day("due_on", "By when it answers")
        .prefill(due_on)
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
        spec("Judge an outcome yourself", judge)
            .select("sign", "Which sign", known)
            .select(
                "strength",
                "How strongly",
                choices(["none", "some", "strong"]),
            )
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
        consent: true,
    });
    spec("Write it down for the group", receive)
        .select(
            "channel",
            "How it came",
            choices(["phone", "paper", "in_person"]),
        )
        .text_area("words", "What happened, in the group's words")
        .text_area("learned", "What was hard, and what was learned")
        .number("people", "How many came")
        .prefill(0)
        .number("volunteers", "How many helped")
        .prefill(0)
        .money("spent", "Spent so far")
        .prefill(0)
        .tick(
            "consent",
            "Consent",
            "The group agrees to what is written down here",
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
    spec("Correct its figures", correct)
        .number("people", "How many came")
        .prefill(seen.people)
        .number("volunteers", "How many helped")
        .prefill(seen.volunteers)
        .money("spent", "Spent")
        .prefill(String::from(spent))
        .text_area("reason", "What was wrong")
}
