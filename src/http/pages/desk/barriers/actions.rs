//! The actions on a barrier.

use jiff::Span;

use super::{OPEN_STATES, comes_to_name, name_of};
use crate::domain::barrier::{
    BarrierAnswer, BarrierState, BarrierSummary, ComesTo, JoinBarrier, PassOnBarrier,
};
use crate::domain::command::{NoBody, WithReason};
use crate::domain::{BarrierCommand as C, BarrierId, Command};
use crate::http::pages::desk::DeskRequest;
use crate::http::pages::desk::action::{Action, ActionSpec, Choices, sample};
use crate::http::pages::{PageError, PageForms};
use crate::projections::BarrierRow;
use crate::views::Filter;

/// So many days from now the form suggests the day of the answer.
const ANSWER_DAYS: i64 = 28;
const NO_NAMES: &str = "Everyone can read it. Leave out names of people, phone numbers, emails \
    and postcodes.";

/// The values from which all actions on a barrier are made.
pub(super) struct BarrierActions<'a> {
    pub request: &'a DeskRequest<'a>,
    pub forms: &'a PageForms,
    pub barrier: &'a BarrierRow,
    /// What the reader should leave out of the summary, if the words have something to leave out.
    pub warning: Option<&'static str>,
}

impl BarrierActions<'_> {
    fn spec(&self, title: &str, command: C) -> ActionSpec {
        ActionSpec::new(title, Command::Barrier(BarrierId(self.barrier.id), command))
    }

    /// All actions, in the order of the page.
    pub async fn all(&self) -> Result<Vec<Action>, PageError> {
        let row = self.barrier;
        let mut table = Vec::new();
        if row.state != BarrierState::Closed && row.state != BarrierState::Joined {
            self.add_next(&mut table).await?;
        }
        if row.passed_on.is_some() {
            table.push(self.withdraw());
        }
        self.request.actions(self.forms, table).await
    }

    /// Adds the actions on a barrier that is neither closed nor joined to another.
    async fn add_next(&self, table: &mut Vec<ActionSpec>) -> Result<(), PageError> {
        let row = self.barrier;
        if matches!(row.state, BarrierState::Raised | BarrierState::SummedUp) {
            table.push(self.sum_up());
            table.extend(self.join().await?);
        }
        if row.state != BarrierState::Answered {
            table.push(self.pass_on());
        }
        if row.passed_on.is_some() {
            table.push(self.record_answer());
        }
        table.push(self.close());
        Ok(())
    }

    fn sum_up(&self) -> ActionSpec {
        let summed = BarrierSummary {
            summary: sample("words"),
        };
        self.spec("Write a summary", C::SumUp(summed))
            .about(self.warning.unwrap_or_default())
            .button("Save the summary")
            .text_area("summary", "What gets in people’s way?")
            .hint(
                "Write it in your own words. Everyone can read it once you pass it on. Leave out \
                names of people, phone numbers, emails and postcodes.",
            )
            .prefill(self.barrier.summary.clone().unwrap_or_default())
    }

    /// Joining it to another that is open, which the reader picks by its name. `None` if there is
    /// no other.
    async fn join(&self) -> Result<Option<ActionSpec>, PageError> {
        let open = [BarrierState::Answered].into_iter().chain(OPEN_STATES);
        let filters = vec![Filter::in_state(open)];
        let views = &self.request.app.views;
        let mut others: Vec<BarrierRow> = views.all_rows(None, filters).await?;
        others.retain(|other| other.id != self.barrier.id);
        others.sort_by_key(|other| (other.summary.is_none(), other.raised_on, other.id));
        let Some(first) = others.first() else {
            return Ok(None);
        };
        let join = JoinBarrier {
            into: BarrierId(first.id),
        };
        let named = others
            .iter()
            .map(|other| (other.id.to_string(), name_of(other)));
        let choices = unchosen().into_iter().chain(named).collect();
        Ok(Some(
            self.spec("Join it to another", C::Join(join))
                .about(
                    "Those who told us this will hear the other’s answers. This cannot be undone.",
                )
                .button("Join them")
                .select("into", "Which one is about the same?", choices),
        ))
    }

    fn pass_on(&self) -> ActionSpec {
        let today = self.request.today();
        let due_on = today.saturating_add(Span::new().days(ANSWER_DAYS));
        let pass_on = PassOnBarrier {
            to: sample("office"),
            asked: sample("words"),
            due_on,
        };
        let title = if self.barrier.passed_on.is_some() {
            "Pass it on again"
        } else {
            "Pass it on"
        };
        self.spec(title, C::PassOn(pass_on))
            .about("Ask them yourself, by phone or email. Here you record what you asked.")
            .text("to", "Who can change it?")
            .hint("Name an organisation, not a person. Everyone can read it.")
            .prefill(self.barrier.passed_on_to.clone().unwrap_or_default())
            .text_area("asked", "What do we ask of them?")
            .hint(NO_NAMES)
            .prefill(self.barrier.asked.clone().unwrap_or_default())
            .day("due_on", "Answer by")
            .prefill(due_on)
    }

    fn record_answer(&self) -> ActionSpec {
        // The same answer again would be no change.
        let other = match self.barrier.comes_to {
            Some(ComesTo::Planned) => ComesTo::Made,
            _ => ComesTo::Planned,
        };
        let answer = BarrierAnswer {
            answer: sample("words"),
            comes_to: other,
        };
        let named = [ComesTo::None, ComesTo::Planned, ComesTo::Made]
            .into_iter()
            .filter(|one| self.barrier.comes_to != Some(*one))
            .map(|one| (<&str>::from(one).to_owned(), comes_to_name(one).to_owned()));
        let choices = unchosen().into_iter().chain(named).collect();
        self.spec("Record the answer", C::RecordAnswer(answer))
            .about("We’ll tell everyone who told us about this.")
            .button("Save the answer")
            .text_area("answer", "What do they say?")
            .hint(NO_NAMES)
            .select("comes_to", "What comes of it?", choices)
    }

    fn withdraw(&self) -> ActionSpec {
        self.spec("Take it off the public pages", C::Withdraw(NoBody {}))
            .about(
                "If someone could be recognised, for example. Nobody outside the office can read \
                the summary, what you asked or the answers any more. You can write a new summary \
                and pass it on again.",
            )
            .button("Take it off")
            .destructive()
    }

    fn close(&self) -> ActionSpec {
        let reason = WithReason {
            reason: sample("why"),
        };
        self.spec("Close it", C::Close(reason))
            .about("This cannot be undone.")
            .text_area("reason", "Why?")
            .hint("For our records. Leave out names of people.")
            .destructive()
    }
}

/// The choice of a list before anything was chosen.
fn unchosen() -> Choices {
    vec![(String::new(), "Choose one".to_owned())]
}
