//! The actions on a gathering and on one of its sessions.

use std::collections::BTreeSet;

use jiff::Span;
use jiff::civil::Date;

use super::channel_choices;
use super::plan::{or_none, theme_choices};
use super::sessions::when_text;
use crate::domain::command::NoBody;
use crate::domain::gathering::{
    AskForHand, CancelSession, ChooseStory, CountSignUps, GatheringState, GatheringWords, LeadRef,
    MoveSession, PassRiskCheck, PlaceAudience, SessionNotes, SessionPlan, SessionState, SignUpWay,
    StepDown,
};
use crate::domain::outcome::Sign;
use crate::domain::personal_data::PersonalInput;
use crate::domain::text::{Line, Slug};
use crate::domain::{Command, GatheringCommand as C, GatheringId, GrantId, PersonId};
use crate::http::pages::desk::action::{Action, ActionSpec, sample};
use crate::http::pages::desk::find_people::may_find_people;
use crate::http::pages::desk::list::ListFilter;
use crate::http::pages::desk::{DeskRequest, PersonNames};
use crate::http::pages::theme_names::ThemeNames;
use crate::http::pages::{PageError, PageForms};
use crate::projections::{FundRow, GatheringRow, GatheringSessionRow};

/// For so many months a risk check is good, as the form suggests.
const CHECK_MONTHS: i64 = 12;
/// So many days from now the form suggests the first session.
const FIRST_SESSION_DAYS: i64 = 14;

/// The values from which all actions on a gathering are made.
pub(super) struct GatheringActions<'a> {
    pub request: &'a DeskRequest<'a>,
    pub forms: &'a PageForms,
    pub gathering: &'a GatheringRow,
    /// The names of its leads, and of the person to whom the lead is offered.
    pub names: &'a PersonNames,
    pub themes: &'a ThemeNames,
    pub funds: &'a [FundRow],
    pub signs: &'a [Sign],
    /// The session that the actions on a session are about.
    pub session: Option<&'a GatheringSessionRow>,
    /// The person of that session whom the reader wants to take off its list, with their name.
    pub leaves: Option<(PersonId, String)>,
}

impl GatheringActions<'_> {
    fn spec(&self, title: impl Into<String>, command: C) -> ActionSpec {
        ActionSpec::new(
            title,
            Command::Gathering(GatheringId(self.gathering.id), command),
        )
    }

    /// All actions, in the order of the page.
    pub async fn all(&self) -> Result<Vec<Action>, PageError> {
        let mut table = self.running();
        table.push(self.describe());
        if self.gathering.state != GatheringState::Ended {
            table.extend(self.leads());
        }
        if let Some(session) = self.session {
            table.extend(self.on_session(session));
        }
        table.push(self.choose_story());
        if self.gathering.state != GatheringState::Ended {
            table.push(
                self.spec("End it", C::End(NoBody {}))
                    .must_tick(
                        "Are you sure?",
                        "No one can sign up any more. This cannot be undone.",
                    )
                    .destructive(),
            );
        }
        self.request.actions(self.forms, table).await
    }

    /// Noting a story that people chose. It is picked on a page of its own.
    fn choose_story(&self) -> ActionSpec {
        let chosen = ChooseStory {
            grant: GrantId(uuid::Uuid::nil()),
            story: 1,
            aim: None,
            why: sample("why"),
        };
        self.spec("Choose a story", C::ChooseStory(chosen))
            .button("Find")
            .picks(
                "grant",
                format!("{}/story", super::path_of(self.gathering.id)),
                "Words of the story, group or place",
                "People at the gathering chose the story of a grant.",
            )
    }

    /// Opening it, adding a session, and its risk check.
    fn running(&self) -> Vec<ActionSpec> {
        let today = self.request.today();
        let mut table = Vec::new();
        if self.gathering.state == GatheringState::Ended {
            return table;
        }
        if self.gathering.state == GatheringState::Draft {
            table.push(self.spec("Open it", C::Open(NoBody {})));
        }
        let plan = sample_plan(today);
        let day = today.saturating_add(Span::new().days(FIRST_SESSION_DAYS));
        let add = self.spec("Add a session", C::AddSession(plan));
        table.push(plan_fields(add, "", day, None));
        let until = today.saturating_add(Span::new().months(CHECK_MONTHS));
        let check = C::PassRiskCheck(PassRiskCheck { good_until: until });
        table.push(
            self.spec("Record the risk check", check)
                .about("Say that someone has looked at the risks, and that it is safe.")
                .day("good_until", "Valid until")
                .prefill(until),
        );
        table
    }

    fn describe(&self) -> ActionSpec {
        let row = self.gathering;
        let words = GatheringWords {
            title: sample("title"),
            description: sample("words"),
            area: None,
            themes: BTreeSet::new(),
        };
        let areas = ListFilter::area(self.funds).choices;
        let spec = self
            .spec("Change what we say about it", C::Describe(words))
            .button("Save")
            .text("title", "Title")
            .prefill(&row.title)
            .text_area("description", "What happens there, and who it is for")
            .hint("Everyone reads it. Leave out names of people.")
            .prefill(&row.description)
            .select("area", "Area", or_none("Everywhere", areas))
            .prefill(row.area.as_ref().map(Slug::to_string).unwrap_or_default());
        let choices = theme_choices(self.themes, &row.themes);
        if choices.is_empty() {
            return spec;
        }
        let spec = spec.checkboxes("themes", "Themes", choices);
        row.themes.iter().fold(spec, ActionSpec::prefill)
    }

    /// Offering, taking and leaving the lead, and asking for a hand.
    fn leads(&self) -> Vec<ActionSpec> {
        let own = self.request.signed.reader.person;
        let nobody = LeadRef {
            person: PersonId(uuid::Uuid::nil()),
        };
        let mut table = Vec::new();
        if may_find_people(self.request) {
            table.push(
                self.spec("Offer the lead", C::OfferLead(nobody))
                    .button("Find")
                    .picks(
                        "person",
                        format!("{}/lead", super::path_of(self.gathering.id)),
                        "Name, phone or email",
                        "They must say yes. A new offer replaces the one before.",
                    ),
            );
        }
        let on = |form: &str, title: String, command: fn(LeadRef) -> C, person: PersonId| {
            self.spec(title, command(LeadRef { person }))
                .form(format!("{form}-{person}"))
                .hidden("person", person)
        };
        if let Some(offered) = self.gathering.offered_to {
            let title = if offered == own {
                "Take the lead".to_owned()
            } else {
                format!("{} takes the lead", self.names.of(&offered))
            };
            table.push(on("take-lead", title, C::TakeLead, offered));
        }
        table.extend(self.ask_for_hand(own));
        for lead in self.gathering.leads.keys() {
            let title = if *lead == own {
                "Stop leading it".to_owned()
            } else {
                format!("{} stops leading it", self.names.of(lead))
            };
            table.push(on("leave-lead", title, C::LeaveLead, *lead).destructive());
        }
        table
    }

    /// A lead asks for a hand. An officer records it for a lead who phoned.
    fn ask_for_hand(&self, own: PersonId) -> Option<ActionSpec> {
        let leads = &self.gathering.leads;
        let lead = *leads.get_key_value(&own).or_else(|| leads.iter().next())?.0;
        let asked = C::AskForHand(AskForHand {
            lead,
            words: PersonalInput::Open("words".to_owned()),
        });
        let spec = self.spec("Ask for a hand", asked).button("Save");
        let spec = if lead == own {
            spec.hidden("lead", lead)
        } else {
            let name = |lead: &PersonId| (lead.to_string(), self.names.of(lead));
            spec.select("lead", "Who asks?", leads.keys().map(name).collect())
        };
        Some(spec.text_area("words", "What would help?"))
    }

    fn on_session(&self, session: &GatheringSessionRow) -> Vec<ActionSpec> {
        let (row, number) = (self.gathering, session.session);
        let when = when_text(session);
        let mut table = Vec::new();
        if session.state == SessionState::Planned && row.state != GatheringState::Ended {
            table.extend(self.leave(session));
            if row.sign_up == SignUpWay::Counted && row.state == GatheringState::Open {
                table.push(self.count(session, &when));
            }
            let mut to = sample_plan(session.day);
            to.places = session.places.map(|places| places.saturating_add(1));
            let change = C::MoveSession(MoveSession {
                session: number,
                to,
            });
            let change = self
                .spec("Move or change a session", change)
                .about(format!("{when}."))
                .button("Change it")
                .hidden_number("session", number);
            table.push(plan_fields(change, "to.", session.day, Some(session)));
            let cancel = C::CancelSession(CancelSession {
                session: number,
                reason: sample("why"),
            });
            table.push(
                self.spec("Cancel a session", cancel)
                    .about(format!("{when}. This cannot be undone."))
                    .button("Cancel the session")
                    .hidden_number("session", number)
                    .text_area("reason", "Why?")
                    .hint("Everyone reads it. Leave out names of people.")
                    .destructive(),
            );
        }
        if session.state == SessionState::Held {
            table.push(self.notes(session, &when));
        }
        table
    }

    /// Takes a person off the list of a session, if the address names one.
    fn leave(&self, session: &GatheringSessionRow) -> Option<ActionSpec> {
        let (person, name) = self.leaves.as_ref()?;
        let leave = C::StepDown(StepDown {
            session: session.session,
            person: *person,
        });
        Some(
            self.spec(format!("{name} does not come"), leave)
                .about(format!(
                    "{}. The first who waits gets the place.",
                    when_text(session)
                ))
                .button("Take off the list")
                .hidden_number("session", session.session)
                .hidden("person", person),
        )
    }

    fn count(&self, session: &GatheringSessionRow, when: &str) -> ActionSpec {
        let count = C::CountSignUps(CountSignUps {
            session: session.session,
            people: session.counted.saturating_add(1),
            channel: None,
        });
        self.spec("Count who wants to come", count)
            .about(format!("{when}."))
            .button("Save the number")
            .hidden_number("session", session.session)
            .number("people", "How many in all?")
            .prefill(session.counted)
            .select("channel", "How did they tell us?", channel_choices())
    }

    fn notes(&self, session: &GatheringSessionRow, when: &str) -> ActionSpec {
        let notes = C::WriteNotes(SessionNotes {
            session: session.session,
            learned: sample("words"),
            ideas: Vec::new(),
            signs: BTreeSet::new(),
        });
        let ideas = session.ideas.iter().map(ToString::to_string);
        let spec = self
            .spec("Write what you learned", notes)
            .about(format!("{when}. Everyone can read it."))
            .button("Save")
            .hidden_number("session", session.session)
            .text_area("learned", "What did you learn?")
            .hint("Leave out names of people.")
            .prefill(session.learned.clone().unwrap_or_default())
            .lines("ideas", "Ideas that came up, one on each line")
            .prefill(ideas.collect::<Vec<_>>().join("\n"));
        if self.signs.is_empty() {
            return spec;
        }
        let choice = |sign: &Sign| (sign.sign.to_string(), sign.title.to_string());
        let choices = self.signs.iter().map(choice).collect();
        let spec = spec.checkboxes("signs", "Signs that you saw", choices);
        session.signs.iter().fold(spec, ActionSpec::prefill)
    }
}

/// A plan for a dry run, that no session has.
fn sample_plan(day: Date) -> SessionPlan {
    SessionPlan {
        day,
        starts_at: sample("00:01"),
        ends_at: sample("23:59"),
        place: None,
        place_for: PlaceAudience::Everyone,
        places: None,
    }
}

/// The fields of a session's plan, filled in from a session that exists.
fn plan_fields(
    spec: ActionSpec,
    prefix: &str,
    day: Date,
    session: Option<&GatheringSessionRow>,
) -> ActionSpec {
    let name = |field: &str| format!("{prefix}{field}");
    let of = |text: fn(&GatheringSessionRow) -> Option<String>| {
        session.and_then(text).unwrap_or_default()
    };
    let audiences = [
        ("everyone", "Everyone"),
        ("signed_up", "Only people who have a place"),
    ]
    .map(|(key, label)| (key.to_owned(), label.to_owned()));
    let audience = match session.map(|session| session.place_for) {
        Some(PlaceAudience::SignedUp) => "signed_up",
        _ => "everyone",
    };
    spec.day(&name("day"), "Day")
        .prefill(day)
        .text(&name("starts_at"), "Starts at")
        .hint("Such as 09:30 or 18:00.")
        .prefill(of(|session| Some(session.starts_at.to_string())))
        .text(&name("ends_at"), "Ends at")
        .prefill(of(|session| Some(session.ends_at.to_string())))
        .text(&name("place"), "Place")
        .hint("Leave out names of people.")
        .prefill(of(|session| session.place.as_ref().map(Line::to_string)))
        .select(
            &name("place_for"),
            "Who may read the place?",
            audiences.into(),
        )
        .prefill(audience)
        .number(&name("places"), "How many places?")
        .hint("Leave it empty if there is no limit.")
        .prefill(of(|session| {
            session.places.map(|places| places.to_string())
        }))
}
