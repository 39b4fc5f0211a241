//! The actions on an application, in the order of its page.

use std::collections::{BTreeMap, BTreeSet};

use super::action::{Action, ActionSpec, sample};
use super::application::{CRITERIA, unconflicted};
use super::confirmations::{DecisionAttendance, helper_actions};
use super::on_behalf::AssistedChanges;
use super::{DeskRequest, choices};
use crate::clock::day_of;
use crate::domain::application::{
    DecideReview, DeclareInterest, Interest, InterestKind, ReviseScore, Score, Summary,
};
use crate::domain::command::{NoBody, WithReason};
use crate::domain::panel::{Award, Decline, Defer, Reserve};
use crate::domain::text::Slug;
use crate::domain::{ApplicationCommand as C, ApplicationId, Command, PersonId};
use crate::http::pages::form::FieldType;
use crate::http::pages::{PageError, PageForms};
use crate::projections::{ApplicationRow, FundRow, RoundRow, ScoreRow};

const READ_BY_GROUP: &str = "The group reads this.";

/// The days from today to the end of the activity, and to the final update, that the form of an
/// award suggests.
const ACTIVITY_DAYS: i64 = 180;
const FINAL_UPDATE_DAYS: i64 = 194;

/// The values from which all actions on an application are made.
pub(super) struct ApplicationActions<'a> {
    pub request: &'a DeskRequest<'a>,
    pub forms: &'a PageForms,
    pub row: &'a ApplicationRow,
    pub fund: &'a FundRow,
    pub round: &'a RoundRow,
    /// Who can be chosen as present, by id and name.
    pub panel: &'a [(String, String)],
}

impl ApplicationActions<'_> {
    pub(super) async fn all(&self) -> Result<Vec<Action>, PageError> {
        let assisted = AssistedChanges {
            request: self.request,
            row: self.row,
            fund: self.fund,
            round: self.round,
        };
        let mut table: Vec<ActionSpec> = self.attendance().into_iter().collect();
        table.extend(helper_actions(self.request, self.row).await?);
        table.extend(self.eligibility());
        table.push(assisted.request_changes().await?);
        table.extend(self.interests());
        table.push(self.scoring());
        table.push(self.summary());
        table.extend(self.decisions().await?);
        table.push(self.review());
        table.extend(assisted.answer_actions().await?);
        table.push(
            self.spec("Withdraw it for the group", C::Withdraw(NoBody {}))
                .destructive(),
        );
        self.request.actions(self.forms, table).await
    }

    fn spec(&self, title: &str, command: C) -> ActionSpec {
        ActionSpec::new(
            title,
            Command::Application(ApplicationId(self.row.id), command),
        )
    }

    fn attendance(&self) -> Option<ActionSpec> {
        let meeting = DecisionAttendance {
            decision: self.row.decision,
            unconfirmed: &self.row.unconfirmed,
            when: "when it was decided",
        };
        meeting.action_of(self.request.signed.reader.person, |person| {
            Command::Application(ApplicationId(self.row.id), C::ConfirmAttendance(person))
        })
    }

    fn eligibility(&self) -> [ActionSpec; 2] {
        let refuse = C::RefuseEligibility(WithReason {
            reason: sample("why"),
        });
        [
            self.spec("It is eligible", C::ConfirmEligibility(NoBody {}))
                .expanded(),
            self.spec("It is not eligible", refuse)
                .text_area("reason", "Why")
                .hint(READ_BY_GROUP),
        ]
    }

    /// Declaring an interest or none.
    fn interests(&self) -> [ActionSpec; 2] {
        let none = C::Declare(DeclareInterest { interest: None });
        let interest = Interest {
            kind: InterestKind::Other,
            note: sample("note"),
        };
        let some = C::Declare(DeclareInterest {
            interest: Some(interest),
        });
        let kinds = choices([
            "committee",
            "employment",
            "family",
            "friendship",
            "supply",
            "helped_to_word",
            "other",
        ]);
        [
            self.spec("I have no interest in this application", none)
                .form("declare-none")
                .expanded(),
            self.spec("I have an interest in it", some)
                .select("interest.kind", "What kind", kinds)
                .text_area("interest.note", "For the record")
                .hint("Names of people do not belong here.")
                .destructive(),
        ]
    }

    /// Scoring it, or revising the reader's score.
    fn scoring(&self) -> ActionSpec {
        let criteria: BTreeMap<Slug, u8> =
            CRITERIA.iter().map(|(key, _)| (sample(key), 3)).collect();
        let own = self.row.scores.iter().find(|score| {
            score.by == self.request.signed.reader.person && score.set_aside.is_none()
        });
        match own {
            None => {
                let score = C::Score(Score {
                    criteria,
                    note: sample("note"),
                });
                with_criteria(self.spec("Score it", score), None)
                    .text_area("note", "Why")
                    .expanded()
            }
            Some(own) => {
                let revise = C::ReviseScore(ReviseScore {
                    criteria,
                    note: sample("note"),
                    reason: sample("why"),
                });
                with_criteria(self.spec("Revise your score", revise), Some(own))
                    .text_area("note", "Why")
                    .prefill(&own.note)
                    .text_area("reason", "Why it is revised")
            }
        }
    }

    fn summary(&self) -> ActionSpec {
        let write = C::WriteSummary(Summary {
            title: sample("title"),
            description: sample("description"),
        });
        let (title, description) = self
            .row
            .summary
            .as_ref()
            .map(|summary| (summary.title.to_string(), summary.description.to_string()))
            .unwrap_or_default();
        self.spec("Write the public title and description", write)
            .text("title", "Title")
            .prefill(title)
            .text_area("description", "Description")
            .hint("The public reads this. Names of people do not belong here.")
            .prefill(description)
    }

    /// The decisions of the panel: award, decline, defer, reserve. They are tried with all members
    /// present who may decide.
    async fn decisions(&self) -> Result<[ActionSpec; 5], PageError> {
        let present = unconflicted(self.request, self.row.id, self.panel).await?;
        let award = self.sample_award(&present);
        let decline = C::Decline(Decline {
            reason: sample("why"),
            feedback: sample("feedback"),
            present: present.clone(),
        });
        let defer = C::Defer(Defer {
            reason: sample("why"),
            present: present.clone(),
        });
        let rank = self.free_rank();
        let reserve = C::Reserve(Reserve {
            rank,
            reason: sample("why"),
            present,
        });
        let reason = |spec: ActionSpec, hint| spec.text_area("reason", "Why").hint(hint);
        let decline = reason(self.spec("Decline", decline), "For the record.")
            .text_area("feedback", "Feedback")
            .hint(READ_BY_GROUP);
        let defer = reason(self.spec("Decide later", defer), READ_BY_GROUP);
        let reserve = self
            .spec("Put on the reserve list", reserve)
            .number("rank", "Rank: 1 comes first")
            .prefill(rank);
        let with_present = |spec: ActionSpec| {
            spec.checkboxes("present", "Who else was present", self.panel.to_vec())
        };
        Ok([
            award_fields(self.spec("Award", C::Award(award.clone())), &award),
            award_fields(
                self.spec("Award from the reserve list", C::Promote(award.clone())),
                &award,
            ),
            decline,
            defer,
            reason(reserve, READ_BY_GROUP),
        ]
        .map(with_present))
    }

    fn sample_award(&self, present: &BTreeSet<PersonId>) -> Award {
        let today = day_of(self.request.app.commands.now());
        let in_days = |days: i64| today.saturating_add(jiff::Span::new().days(days));
        Award {
            amount: self.row.requested.unwrap_or(self.fund.rules.minimum),
            reason: None,
            ends_on: in_days(ACTIVITY_DAYS),
            update_due_on: in_days(FINAL_UPDATE_DAYS),
            conditions: BTreeMap::new(),
            present: present.clone(),
        }
    }

    /// The first rank of the round's reserve list that no application has.
    fn free_rank(&self) -> u16 {
        let taken = |rank: &u16| {
            self.fund
                .rounds
                .get(&self.row.round)
                .is_some_and(|round| round.reserves.contains_key(rank))
        };
        (1..=u16::MAX).find(|rank| !taken(rank)).unwrap_or(1)
    }

    fn review(&self) -> ActionSpec {
        let decide = C::DecideReview(DecideReview {
            upheld: true,
            reason: sample("why"),
        });
        self.spec("Decide the review", decide)
            .select_as(
                FieldType::YesNo,
                "upheld",
                "The group is right, and it is looked at again",
                choices(["yes", "no"]),
            )
            .text_area("reason", "Why")
            .hint(READ_BY_GROUP)
    }
}

/// Adds a field for each criterion, filled in with the reader's score.
fn with_criteria(spec: ActionSpec, own: Option<&ScoreRow>) -> ActionSpec {
    CRITERIA.into_iter().fold(spec, |spec, (key, question)| {
        let known = own
            .into_iter()
            .flat_map(|own| &own.criteria)
            .find(|(criterion, _)| criterion.as_str() == key)
            .map(|(_, points)| points.to_string());
        spec.select_as(
            FieldType::Number,
            &format!("criteria.{key}"),
            question,
            choices(["0", "1", "2", "3", "4", "5"]),
        )
        .prefill(known.unwrap_or_default())
    })
}

fn award_fields(spec: ActionSpec, award: &Award) -> ActionSpec {
    spec.money("amount", "How much")
        .prefill(String::from(award.amount))
        .text_area("reason", "Why another sum than was asked for")
        .hint("Leave it empty if it is the sum that was asked for. The group reads this.")
        .day("ends_on", "Last day of the activity")
        .prefill(award.ends_on)
        .day("update_due_on", "Last day for the final update")
        .prefill(award.update_due_on)
}
