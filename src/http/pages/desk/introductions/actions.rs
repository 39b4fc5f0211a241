//! The actions on an introduction. Staff record here what people say by phone, on paper or in
//! person, with the same commands that people use online.

use std::collections::BTreeSet;

use super::words::{
    came_to_choices, channel_choices, close_choices, decline_choices, shared_choices,
};
use crate::domain::application::Channel;
use crate::domain::introduction::{
    AgreeToIntroduction, CameTo, CloseIntroduction, CloseReason, DeclineIntroduction,
    DeclineReason, IntroductionState, MakeIntroduction, SayHow, Shared, TakeBackIntroduction,
    WelcomeIntroduction,
};
use crate::domain::personal_data::PersonalInput;
use crate::domain::{Command, IntroductionCommand as C, IntroductionId};
use crate::http::pages::desk::DeskRequest;
use crate::http::pages::desk::action::{Action, ActionSpec, Choices};
use crate::http::pages::{PageError, PageForms};
use crate::projections::IntroductionRow;

/// The values from which all actions on an introduction are made.
pub(super) struct IntroductionActions<'a> {
    pub request: &'a DeskRequest<'a>,
    pub forms: &'a PageForms,
    pub row: &'a IntroductionRow,
    /// The version of the notice that is in force.
    pub notice: Option<u32>,
    /// The members of the group that holds the entry, by id and name.
    pub hosts: Choices,
    /// Whether another introduction says that those who are introduced may be at risk.
    pub known_at_risk: bool,
}

impl IntroductionActions<'_> {
    fn spec(&self, title: &str, command: C) -> ActionSpec {
        ActionSpec::new(
            title,
            Command::Introduction(IntroductionId(self.row.id), command),
        )
    }

    /// All actions, in the order of the page.
    pub async fn all(self) -> Result<Vec<Action>, PageError> {
        let mut table: Vec<ActionSpec> = self.agree().into_iter().collect();
        // Before they agree the command is refused for a reason that no form field can remove.
        if self.row.state != IntroductionState::Asked {
            table.push(self.make());
        }
        table.push(self.welcome());
        table.push(self.decline());
        table.push(self.say_how());
        table.push(self.take_back());
        table.push(self.close());
        self.request.actions(self.forms, table).await
    }

    /// Noting that they agree, on the notice that is in force.
    fn agree(&self) -> Option<ActionSpec> {
        let notice = self.notice?;
        let agreed = C::Agree(AgreeToIntroduction {
            notice,
            channel: Some(Channel::Paper),
            read_back: false,
            matters: None,
            shares: BTreeSet::new(),
        });
        let mut shares = shared_choices();
        if self.row.group.is_some() {
            let matters = <&str>::from(Shared::Matters);
            shares.retain(|(key, _)| key == matters);
        }
        Some(
            self.spec("They agree", agreed)
                .button("Save that they agree")
                .hidden_number("notice", notice)
                .select("channel", "How did they tell us?", channel_choices())
                .text_area("matters", "What matters to them")
                .hint("Only if they want you to note it. We delete it after 12 months.")
                .checkboxes("shares", "What they share", shares)
                .hint("Only those who hold the entry see it, and only while they agree.")
                .tick(
                    "read_back",
                    "Read back",
                    "I read the notice aloud and read back what I noted, and they said yes",
                ),
        )
    }

    /// Making it. Who asked for themselves was not asked if they may be at risk.
    fn make(&self) -> ActionSpec {
        let make = MakeIntroduction::default();
        let spec = self
            .spec("Make the introduction", C::Make(make))
            .about("Those who hold the entry see what is shared, and get a message.");
        if self.row.at_risk {
            return spec;
        }
        let spec = spec.tick(
            "at_risk",
            "Keeping people safe",
            "They may be at risk: a child, or an adult who needs care",
        );
        if self.known_at_risk {
            spec.hint(
                "It was ticked for another introduction of theirs. Only a group with a \
                safeguarding check in date can welcome them.",
            )
            .prefill("yes")
        } else {
            spec.hint(
                "If you tick this, only a group with a safeguarding check in date can welcome them.",
            )
        }
    }

    fn welcome(&self) -> ActionSpec {
        let first = self.hosts.first();
        let host = first.and_then(|(id, _)| id.parse().ok());
        let has_group = self.row.holder.is_some();
        let welcomed = C::Welcome(WelcomeIntroduction {
            host: host.filter(|_| has_group),
            host_name: (!has_group).then(|| PersonalInput::Open("name".to_owned())),
            channel: Some(Channel::Phone),
        });
        let spec = self
            .spec("They are welcome", welcomed)
            .button("Save who welcomes them");
        let spec = if has_group {
            spec.select("host", "Who welcomes them?", self.hosts.clone())
        } else {
            spec.text("host_name", "Who welcomes them?")
                .hint("A name to ask for at the door. We delete it with what matters to them.")
        };
        spec.select("channel", "How did they tell us?", channel_choices())
    }

    fn decline(&self) -> ActionSpec {
        let declined = C::Decline(DeclineIntroduction {
            reason: DeclineReason::Other,
            channel: Some(Channel::Phone),
        });
        self.spec("They cannot be welcomed", declined)
            .button("Save")
            .select("reason", "Why?", decline_choices())
            .select("channel", "How did they tell us?", channel_choices())
    }

    fn say_how(&self) -> ActionSpec {
        let how = match self.row.came_to {
            Some(CameTo::Went) => CameTo::GoesOn,
            _ => CameTo::Went,
        };
        self.spec("Say how it went", C::SayHow(SayHow { how }))
            .about("You can say it again when it changes.")
            .button("Save")
            .select("how", "What came of it?", came_to_choices())
    }

    fn take_back(&self) -> ActionSpec {
        let taken = C::TakeBack(TakeBackIntroduction {
            channel: Some(Channel::Phone),
        });
        self.spec("They have changed their mind", taken)
            .about("Those who hold the entry see nothing more. We delete what matters to them.")
            .button("Withdraw their consent")
            .select("channel", "How did they tell us?", channel_choices())
            .must_tick(
                "Are you sure?",
                "They no longer agree. This cannot be undone.",
            )
            .destructive()
    }

    fn close(&self) -> ActionSpec {
        let closed = C::Close(CloseIntroduction {
            reason: CloseReason::Other,
        });
        self.spec("Close it", closed)
            .about("No one can answer it any more. This cannot be undone.")
            .select("reason", "Why?", close_choices())
            .destructive()
    }
}
