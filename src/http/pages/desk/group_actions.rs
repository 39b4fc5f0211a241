//! The actions on a group, by parts of its page.

use super::DeskRequest;
use super::action::{Action, ActionSpec, sample};
use super::erasures::erasure_actions;
use super::grant_actions::verify_payee;
use crate::clock::day_of;
use crate::domain::command::{ProposalRef, WithReason};
use crate::domain::group::{CorrectGroup, MemberRef, MergeGroup, RecordIdentifier, SetContact};
use crate::domain::payee::PayeeInput;
use crate::domain::personal_data::PersonalInput;
use crate::domain::{Command, GroupCommand as C, GroupId, PersonId};
use crate::http::pages::{PageError, PageForms, ownership};
use crate::projections::PersonRow;
use crate::views::{GroupView, PageRequest, PersonView};

/// The values from which all actions on a group are made.
pub(super) struct GroupActions<'a> {
    pub request: &'a DeskRequest<'a>,
    pub forms: &'a PageForms,
    pub group: &'a GroupView,
}

impl GroupActions<'_> {
    fn spec(&self, title: impl Into<String>, command: C) -> ActionSpec {
        ActionSpec::new(title, Command::Group(GroupId(self.group.id), command))
    }

    /// An action on one person. A page has one form of it for each person.
    fn on_person(
        &self,
        form: &str,
        title: impl Into<String>,
        command: fn(MemberRef) -> C,
        person: PersonId,
    ) -> ActionSpec {
        self.spec(title, command(MemberRef { person }))
            .form(form)
            .hidden("person", person)
    }

    async fn offered(&self, table: Vec<ActionSpec>) -> Result<Vec<Action>, PageError> {
        self.request.actions(self.forms, table).await
    }

    /// Accepting or refusing the name and area that a member proposed.
    pub(super) async fn corrections(&self) -> Result<Vec<Action>, PageError> {
        let Some(proposal) = self.group.proposal else {
            return Ok(Vec::new());
        };
        let refuse = C::RefuseCorrection(WithReason {
            reason: sample("why"),
        });
        self.offered(vec![
            self.spec(
                "Take them over",
                C::TakeCorrection(ProposalRef { proposal }),
            )
            .hidden_number("proposal", proposal),
            self.spec("Leave the group's name and area as they are", refuse)
                .text_area("reason", "Why")
                .hint("Names of people do not belong here."),
        ])
        .await
    }

    /// Entering the group's payee, and verifying it as a second person.
    pub(super) async fn payee(&self) -> Result<Vec<Action>, PageError> {
        let verify = self
            .group
            .payee
            .as_ref()
            .map(|payee| verify_payee(GroupId(self.group.id), payee.payee));
        let provide = |form: &str, title: &str, route: &str| {
            self.spec(title, C::ProvidePayee(PayeeInput::PurchaseForGroup {}))
                .form(form)
                .hidden("route", route)
        };
        let account = |spec: ActionSpec| {
            spec.text("account.holder", "The name on the account")
                .text("account.numbers", "Sort code and account number")
                .hint("Such as 12-34-56 12345678.")
        };
        let own = provide(
            "own-account",
            "Key in the group's own account",
            "own_account",
        );
        let body = provide(
            "holding-body",
            "Key in another body that holds the money",
            "holding_body",
        )
        .text("body", "The body")
        .day("consented_on", "When it consented")
        .prefill(day_of(self.request.app.commands.now()));
        let purchase = provide("purchase", "We buy for the group", "purchase_for_group");
        let provided = [account(own), account(body), purchase];
        self.offered(verify.into_iter().chain(provided).collect())
            .await
    }

    /// All other actions, in the order of the page.
    pub(super) async fn others(
        &self,
        members: &[(String, String)],
    ) -> Result<Vec<Action>, PageError> {
        let mut table = self.joining().await?;
        for (id, name) in members {
            let member = PersonId(ownership::parse_uuid(id)?);
            table.push(
                self.on_person(
                    &format!("remove-{id}"),
                    format!("Remove {name}"),
                    C::RemoveMember,
                    member,
                )
                .destructive(),
            );
        }
        table.extend(self.invited().await?);
        table.extend(self.details());
        table.extend(erasure_actions(&|command| {
            Command::Group(GroupId(self.group.id), command.into_group_command())
        }));
        self.offered(table).await
    }

    /// Inviting somebody, and answering the reader's own invitation.
    async fn joining(&self) -> Result<Vec<ActionSpec>, PageError> {
        let choices = invitable_people(self.request, self.group).await?;
        let own = self.request.signed.reader.person;
        let first = choices
            .first()
            .and_then(|(id, _)| id.parse().ok())
            .map_or(own, PersonId);
        let invite = C::AddMember(MemberRef { person: first });
        Ok(vec![
            self.spec("Ask somebody to join", invite)
                .select("person", "Whom", choices),
            self.on_person("join", "Join the group, as you were asked to", C::Join, own),
            self.on_person(
                "refuse-invitation",
                "Do not join the group",
                C::RefuseInvitation,
                own,
            ),
        ])
    }

    /// The actions on each invited person. Somebody without an e-mail address accepts by way of an
    /// officer.
    async fn invited(&self) -> Result<Vec<ActionSpec>, PageError> {
        let invited = self.group.invited.iter().copied();
        let names = self.request.names_of_people(invited.clone()).await?;
        let actions = |person: PersonId| {
            let name = names.of(&person);
            [
                self.on_person(
                    &format!("take-back-{person}"),
                    format!("Take back that {name} was asked to join"),
                    C::RemoveMember,
                    person,
                ),
                self.on_person(
                    &format!("join-{person}"),
                    format!("{name} has said yes"),
                    C::Join,
                    person,
                ),
            ]
        };
        Ok(invited.flat_map(actions).collect())
    }

    /// Contact, name and area, identifiers, and merging.
    fn details(&self) -> [ActionSpec; 4] {
        let group = self.group;
        let contact = C::SetContact(SetContact {
            postcode: Some(personal_sample()),
            telephone: None,
        });
        let correct = C::Correct(CorrectGroup {
            name: format!("{} ", group.name)
                .parse()
                .unwrap_or_else(|_| sample("name")),
            area: sample("elsewhere"),
            reason: personal_sample(),
        });
        let record = C::RecordIdentifier(RecordIdentifier {
            identifier: sample("GB-CHC-0000000"),
        });
        let merge = C::Merge(MergeGroup {
            into: GroupId(uuid::Uuid::nil()),
            reason: sample("why"),
        });
        [
            self.spec("Set postcode and telephone", contact)
                .text("postcode", "Postcode")
                .prefill(group.postcode.clone().unwrap_or_default())
                .text("telephone", "Telephone")
                .prefill(group.telephone.clone().unwrap_or_default()),
            self.spec("Correct the name or the area", correct)
                .text("name", "Name")
                .prefill(&group.name)
                .text("area", "Area")
                .prefill(&group.area)
                .text_area("reason", "What was wrong"),
            self.spec("Record a charity or company number", record)
                .text("identifier", "Number")
                .hint("GB-CHC- and a charity number, or GB-COH- and a company number."),
            self.spec("Merge it into another group", merge)
                .text("into", "The id of the group that goes on")
                .hint("The end of its page's address.")
                .text_area("reason", "Why")
                .destructive(),
        ]
    }
}

fn personal_sample() -> PersonalInput {
    PersonalInput::Open("words".to_owned())
}

/// People who can be invited, by id and by name with e-mail address. Those with a role are left
/// out: inviting them is rare, and possible through the API.
async fn invitable_people(
    request: &DeskRequest<'_>,
    group: &GroupView,
) -> Result<Vec<(String, String)>, PageError> {
    let rows = request
        .app
        .views
        .list::<PersonRow>(None, Vec::new(), &PageRequest::up_to_max())
        .await?
        .items;
    let could = |row: &PersonRow| {
        let person = PersonId(row.id);
        row.roles.is_empty()
            && row.proposed.is_empty()
            && !group.members.contains(&person)
            && !group.invited.contains(&person)
    };
    let seen = request
        .app
        .views
        .decrypt_people(
            &request.signed.reader,
            rows.into_iter().filter(could).collect(),
        )
        .await?;
    let named = |seen: PersonView| {
        let email = seen
            .email
            .map(|email| format!(", {email}"))
            .unwrap_or_default();
        Some((seen.id.to_string(), format!("{}{email}", seen.name?)))
    };
    let mut choices: Vec<_> = seen.into_iter().filter_map(named).collect();
    choices.sort_by_key(|(_, a)| a.to_lowercase());
    Ok(choices)
}
