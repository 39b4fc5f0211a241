//! Holding, publishing stories, and ending a grant.

use std::collections::BTreeSet;

use super::{GrantActions, file_choices};
use crate::clock::day_of;
use crate::domain::command::{NoBody, WithReason};
use crate::domain::file::FilePurpose;
use crate::domain::grant::{PublishStory, Revoke, StoryRef};
use crate::domain::{GrantCommand as C, PersonId};
use crate::http::pages::PageError;
use crate::http::pages::desk::action::{Action, ActionSpec, sample};
use crate::http::pages::desk::application::unconflicted;
use crate::projections::FileRow;

/// The label of the field for those who were present. Revoking a grant needs the quorum of its
/// award, see the glossary.
pub(super) const PRESENT_LABEL: &str = "Who else was there? Each of them confirms it.";

impl GrantActions<'_> {
    /// All other actions, in the order of the page.
    pub async fn others(&self, files: &[FileRow]) -> Result<Vec<Action>, PageError> {
        let present = unconflicted(self.request, self.row.id, self.panel).await?;
        let revoke = |title: &str, command: fn(Revoke) -> C| self.revoke(title, command, &present);
        let mut table = vec![revoke("Withdraw the offer", C::WithdrawOffer)];
        table.extend(self.holds());
        table.extend(self.stories(files));
        table.extend(self.returns(&present));
        table.push(revoke("Stop the grant", C::Terminate));
        table.push(self.spec("Finish the grant", C::Close(NoBody {})));
        self.offered(table).await
    }

    fn revoke(
        &self,
        title: &str,
        command: fn(Revoke) -> C,
        present: &BTreeSet<PersonId>,
    ) -> ActionSpec {
        let revoke = Revoke {
            reason: sample("why"),
            present: present.clone(),
        };
        self.spec(title, command(revoke))
            .text_area("reason", "Why")
            .checkboxes("present", PRESENT_LABEL, self.panel.to_vec())
            .destructive()
    }

    fn holds(&self) -> [ActionSpec; 2] {
        let hold = C::Hold(WithReason {
            reason: sample("why"),
        });
        [
            self.spec("Hold payments", hold).text_area("reason", "Why"),
            self.spec("Take payments off hold", C::Resume(NoBody {})),
        ]
    }

    fn stories(&self, files: &[FileRow]) -> Vec<ActionSpec> {
        let today = day_of(self.request.app.commands.now());
        let story = PublishStory {
            words: sample("words"),
            consented_on: today,
            consent: sample("consent"),
            photographs: BTreeSet::new(),
            pictured: None,
        };
        let publish = self
            .spec("Publish a story", C::PublishStory(story))
            .text_area("words", "The story")
            .hint("Everyone can read this. Name people only if they agreed.")
            .text("consent", "How they agreed to it")
            .hint("Such as a signed form, or a phone call.")
            .day("consented_on", "When they agreed")
            .prefill(today)
            .checkboxes(
                "photographs",
                "Photographs",
                file_choices(files, &[FilePurpose::Photograph]),
            )
            .text("pictured", "What the photographs show (optional)")
            .hint("For people who cannot see them. Everyone can read this.");
        let published = self
            .row
            .stories
            .iter()
            .filter(|(_, story)| story.words.is_some());
        let withdraw = published.map(|(number, _)| {
            let title = format!("Take story {number} off the website");
            self.spec(title, C::WithdrawStory(StoryRef { story: *number }))
                .form(format!("withdraw-story-{number}"))
                .hidden_number("story", number)
        });
        std::iter::once(publish).chain(withdraw).collect()
    }
}
