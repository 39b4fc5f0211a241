//! The actions on an application, in the order of its page.

use std::collections::{BTreeMap, BTreeSet};

use uuid::Uuid;

use super::action::{Action, ActionSpec, sample};
use super::application::unconflicted;
use super::confirmations::{DecisionAttendance, helper_actions};
use super::on_behalf::AssistedChanges;
use super::{DeskRequest, choices};
use crate::clock::day_of;
use crate::domain::application::{
    ApplicationState, DecideReview, DeclareInterest, Interest, InterestKind, ReviseScore, Score,
    Summary, TakeBackDecision,
};
use crate::domain::command::{NoBody, WithReason};
use crate::domain::fund::FundTexts;
use crate::domain::language::Language;
use crate::domain::panel::{Award, Decline, Defer, Reserve};
use crate::domain::text::Slug;
use crate::domain::{ApplicationCommand as C, ApplicationId, Command, PersonId};
use crate::http::pages::form::FieldType;
use crate::http::pages::{PageError, PageForms, fund_texts};
use crate::projections::{ApplicationRow, FundRow, RoundRow, ScoreRow};

/// The days from today to the end of the activity, and to the final update, that the form of an
/// award suggests.
const ACTIVITY_DAYS: i64 = 180;
const FINAL_UPDATE_DAYS: i64 = 194;

/// The hint that says when others must agree to take a decision back.
pub(super) const OTHERS_AGREE: &str = "Only an award that the panel has confirmed needs others.";

/// The name of the form that declares no conflict of interest.
pub(super) const DECLARE_NONE: &str = "declare-none";

/// The largest number of other panel members for whom the form ticks everyone who may decide as
/// present. Each of them confirms it.
const OTHERS_TICKED_MAX: usize = 2;

/// Declaring no conflict of interest with an application, or one. The pages of its grant and of its
/// score have them, too.
pub(super) fn declarations_on(application: Uuid) -> [ActionSpec; 2] {
    let spec = |title: &str, interest: Option<Interest>| {
        let declare = C::Declare(DeclareInterest { interest });
        ActionSpec::new(
            title,
            Command::Application(ApplicationId(application), declare),
        )
    };
    let interest = Interest {
        kind: InterestKind::Other,
        note: sample("note"),
    };
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
        spec("I have no conflict of interest", None)
            .form(DECLARE_NONE)
            .expanded(),
        spec("I have a conflict of interest", Some(interest))
            .select("interest.kind", "What is it?", kinds)
            .text_area("interest.note", "For our records")
            .hint("Leave out names of people.")
            .destructive(),
    ]
}

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
        let [confirm, refuse] = self.eligibility();
        let mut table: Vec<ActionSpec> = self.attendance().into_iter().collect();
        table.push(confirm);
        table.push(assisted.request_changes().await?);
        table.extend(helper_actions(self.request, self.row).await?);
        table.extend(assisted.answer_actions().await?);
        table.push(self.scoring());
        table.extend(self.decisions().await?);
        table.push(self.summary());
        table.push(self.review());
        table.push(refuse);
        table.extend(self.take_back());
        table.extend(self.take_back_eligibility());
        table.push(
            self.spec("Withdraw it for the group", C::Withdraw(NoBody {}))
                .destructive(),
        );
        self.request.actions(self.forms, table).await
    }

    /// The actions that declare a conflict of interest, or that there is none.
    pub(super) async fn declarations(&self) -> Result<Vec<Action>, PageError> {
        self.request
            .actions(self.forms, declarations_on(self.row.id).into())
            .await
    }

    fn spec(&self, title: &str, command: C) -> ActionSpec {
        ActionSpec::new(
            title,
            Command::Application(ApplicationId(self.row.id), command),
        )
    }

    /// The action that takes back the decision, as long as the group has not heard of it.
    fn take_back(&self) -> Option<ActionSpec> {
        let is_declined = self.row.state == ApplicationState::Declined;
        if self.row.letter.is_none() && !(is_declined && self.row.take_back_until.is_some()) {
            return None;
        }
        let take_back = C::TakeBackDecision(TakeBackDecision {
            reason: sample("why"),
            present: self
                .panel
                .iter()
                .filter_map(|(id, _)| id.parse().ok().map(PersonId))
                .collect(),
        });
        let spec = self
            .spec("Take back the decision", take_back)
            .text_area("reason", "Why")
            .hint("For our records. The group has not heard of the decision.")
            .checkboxes("present", "Who else agrees, if anyone", self.panel.to_vec())
            .hint(OTHERS_AGREE);
        Some(spec.destructive())
    }

    /// The action that takes back the decision on eligibility. It is available for ten minutes.
    fn take_back_eligibility(&self) -> Option<ActionSpec> {
        self.row.take_back_until?;
        Some(self.spec("Put it back to check", C::TakeBackEligibility(NoBody {})))
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
            self.spec("Mark as eligible", C::ConfirmEligibility(NoBody {}))
                .expanded(),
            self.spec("Mark as not eligible", refuse)
                .text_area("reason", "Why")
                .hint(&read_by_group(self.row.language)),
        ]
    }

    /// Scoring it, or revising the reader's score.
    fn scoring(&self) -> ActionSpec {
        let texts = &self.fund.rules.texts;
        let criteria: BTreeMap<Slug, u8> = fund_texts::criteria(texts)
            .iter()
            .map(|one| (sample(&one.key), 3))
            .collect();
        let own = self.row.scores.iter().find(|score| {
            score.by == self.request.signed.reader.person && score.set_aside.is_none()
        });
        match own {
            None => {
                let score = C::Score(Score {
                    criteria,
                    note: sample("note"),
                });
                with_criteria(self.spec("Score the application", score), texts, None)
                    .text_area("note", "Why")
                    .expanded()
            }
            Some(own) => {
                let revise = C::ReviseScore(ReviseScore {
                    criteria,
                    note: sample("note"),
                    reason: sample("why"),
                });
                with_criteria(self.spec("Change your score", revise), texts, Some(own))
                    .text_area("note", "Why")
                    .prefill(&own.note)
                    .text_area("reason", "Why you change it")
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
        self.spec("Write the public summary", write)
            .text("title", "Title")
            .prefill(title)
            .text_area("description", "Description")
            .hint("Everyone can read this. Leave out names of people.")
            .prefill(description)
    }

    /// The decisions of the panel: award, decline, defer, reserve. The dry run names all members
    /// who may decide as present.
    async fn decisions(&self) -> Result<[ActionSpec; 5], PageError> {
        let present = unconflicted(self.request, self.row.id, self.panel).await?;
        let award = self.sample_award(&present);
        let decline = C::Decline(Decline {
            reason: sample("why"),
            feedback: sample("feedback"),
            present: present.clone(),
            can_be_taken_back: true,
        });
        let defer = C::Defer(Defer {
            reason: sample("why"),
            message: None,
            present: present.clone(),
        });
        let rank = self.free_rank();
        let reserve = C::Reserve(Reserve {
            rank,
            reason: sample("why"),
            message: None,
            present: present.clone(),
        });
        let reason = |spec: ActionSpec, letter: &str| {
            spec.text_area("reason", "Why")
                .hint("For our records.")
                .text_area(letter, "What we write to the group")
                .hint(&read_by_group(self.row.language))
        };
        let decline = reason(self.spec("Decline the application", decline), "feedback").hidden_as(
            FieldType::YesNo,
            "can_be_taken_back",
            "yes",
        );
        let defer = reason(self.spec("Put off the decision", defer), "message");
        let reserve = self
            .spec("Put it on the reserve list", reserve)
            .number("rank", "Place on the list")
            .hint("1 comes first.")
            .prefill(rank);
        let ticked: Vec<PersonId> = if self.panel.len() <= OTHERS_TICKED_MAX {
            present.iter().copied().collect()
        } else {
            Vec::new()
        };
        let with_present = |spec: ActionSpec| {
            let spec = spec.checkboxes("present", "Who else was present", self.panel.to_vec());
            ticked.iter().fold(spec, ActionSpec::prefill)
        };
        Ok([
            award_fields(
                self.spec("Award the grant", C::Award(award.clone())),
                &award,
            ),
            award_fields(
                self.spec("Award it from the reserve list", C::Promote(award.clone())),
                &award,
            ),
            decline,
            defer,
            reason(reserve, "message"),
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
            summary: None,
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
                "Look at the application again?",
                choices(["yes", "no"]),
            )
            .text_area("reason", "Why")
            .hint(&read_by_group(self.row.language))
    }
}

/// The hint at a text that the group reads, with its language if that is not English.
pub(super) fn read_by_group(language: Language) -> String {
    foreign_language(language).map_or_else(
        || "The group reads this.".to_owned(),
        |reads| {
            format!("The group reads this. They read {reads}: write it in {reads} too if you can.")
        },
    )
}

/// The English name of the language that a group reads, if it is not English.
pub(super) fn foreign_language(language: Language) -> Option<&'static str> {
    (language != Language::En).then(|| language.english_name())
}

/// Adds a field for each criterion of the fund, filled in with the reader's score.
fn with_criteria(spec: ActionSpec, texts: &FundTexts, own: Option<&ScoreRow>) -> ActionSpec {
    fund_texts::criteria(texts).iter().fold(spec, |spec, one| {
        let known = own
            .into_iter()
            .flat_map(|own| &own.criteria)
            .find(|(criterion, _)| criterion.as_str() == one.key)
            .map(|(_, points)| points.to_string());
        let scores = one.anchors.iter().enumerate();
        let scores = scores.map(|(points, says)| (points.to_string(), format!("{points}: {says}")));
        // No value is preselected, so that nobody gives a score by accident.
        let unset = std::iter::once((String::new(), "Choose".to_owned()));
        spec.select_as(
            FieldType::Number,
            &format!("criteria.{}", one.key),
            &one.label,
            unset.chain(scores).collect(),
        )
        .prefill(known.unwrap_or_default())
    })
}

fn award_fields(spec: ActionSpec, award: &Award) -> ActionSpec {
    spec.money("amount", "How much")
        .prefill(award.amount.as_typed())
        .text_area("reason", "Why, if it is not the amount they asked for")
        .hint("The group reads this.")
        .day("ends_on", "End date")
        .prefill(award.ends_on)
        .day("update_due_on", "Final report by")
        .prefill(award.update_due_on)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hint_names_the_language_of_the_group() {
        assert_eq!(read_by_group(Language::En), "The group reads this.");
        assert_eq!(
            read_by_group(Language::Pl),
            "The group reads this. They read Polish: write it in Polish too if you can."
        );
    }
}
