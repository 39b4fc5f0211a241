//! The pages of people and their roles. A role is proposed by one administrator and confirmed by
//! another.

use std::collections::BTreeMap;

use actix_web::HttpResponse;
use askama::Template;
use strum::VariantArray as _;

use super::accesses::{self, AccessLine};
use super::action::{Action, Availability, visible};
use super::erasures::erasure_actions;
use super::{DeskRequest, HistoryEntry, history, spreadsheets};
use crate::domain::command::{ProposalRef, WithReason};
use crate::domain::organisation::{ConfirmRole, RoleRef};
use crate::domain::person::PersonDetails;
use crate::domain::personal_data::{PersonalInput, mailbox_key};
use crate::domain::{
    Command, Organisation, OrganisationCommand as C, Person, PersonCommand, PersonId, Role,
};
use crate::export::spreadsheets::Spreadsheet;
use crate::http;
use crate::http::bearer_auth::{AccessBasis, AccessEndings, IDENTITY_MAX_AGE};
use crate::http::pages::{PageContext, PageError, PageForms, ownership};
use crate::projections::PersonRow;
use crate::store::accesses::AccessedData;
use crate::store::{sessions, tokens};
use crate::views::{PageRequest as Wanted, PersonView};

#[derive(Template)]
#[template(path = "desk/people.html")]
struct PeoplePage {
    page: PageContext,
    wrong: Vec<(String, String)>,
    /// Each person, and whether somebody else on the page has a similar address.
    people: Vec<(PersonView, bool)>,
    all: bool,
    act: Option<Action>,
    next: Option<String>,
    /// Who read the list with everybody's addresses; only for auditors and administrators.
    accesses: Option<Vec<AccessLine>>,
    sheets: [(&'static str, String); 2],
}

pub(super) async fn list(asked: &DeskRequest<'_>) -> Result<HttpResponse, PageError> {
    let all = asked.text("all") == "yes";
    let after = Some(asked.text("after").to_owned()).filter(|after| !after.is_empty());
    let listed = asked
        .desk
        .views
        .list::<PersonRow>(
            None,
            Vec::new(),
            &Wanted {
                after,
                limit: if all { 50 } else { 500 },
            },
        )
        .await?;
    let rows: Vec<_> = listed
        .items
        .into_iter()
        .filter(|row| all || has_roles(row))
        .collect();
    let people = asked
        .desk
        .views
        .decrypt_people(&asked.signed.reader, rows)
        .await?;
    let forms = asked.forms();
    let holds = |role| asked.signed.reader.roles.contains(&role);
    let register = Action::new(
        &forms,
        "register",
        "Register a person",
        "/desk/do/people/register",
        Availability::Available,
    )
    .text("name", "Name")
    .text("email", "E-mail")
    .text("telephone", "Telephone");
    if all && asked.signed.reader.works_with_groups() {
        http::accesses::record_access(asked.desk, &asked.signed.reader, AccessedData::Addresses)
            .await?;
    }
    let page = PeoplePage {
        page: asked.page_context("People").await?,
        accesses: accesses::recent(asked, "").await?,
        wrong: forms.error_summary(),
        people: mark_similar_addresses(people),
        all,
        act: (holds(Role::Administrator) || holds(Role::Officer)).then_some(register),
        sheets: asked.spreadsheet_links(),
        next: listed
            .next
            .filter(|_| all)
            .map(|next| super::applications::url_with(asked, "after", &next)),
    };
    asked.render(&page)
}

fn has_roles(row: &PersonRow) -> bool {
    !row.roles.is_empty() || !row.proposed.is_empty()
}

/// Marks people whose addresses may belong to one mailbox. A person with two addresses must not
/// count as two people.
fn mark_similar_addresses(people: Vec<PersonView>) -> Vec<(PersonView, bool)> {
    let mut times: BTreeMap<String, usize> = BTreeMap::new();
    for email in people.iter().filter_map(|seen| seen.email.as_deref()) {
        *times.entry(mailbox_key(email)).or_default() += 1;
    }
    let is_twin = |seen: &PersonView| {
        seen.email.as_deref().is_some_and(|email| {
            times
                .get(&mailbox_key(email))
                .is_some_and(|times| *times > 1)
        })
    };
    let mark = |seen: PersonView| {
        let twin = is_twin(&seen);
        (seen, twin)
    };
    people.into_iter().map(mark).collect()
}

/// The names of others with a role or a proposed role whose address may belong to the same mailbox.
async fn people_with_similar_address(
    asked: &DeskRequest<'_>,
    seen: &PersonView,
) -> Result<Vec<String>, PageError> {
    let Some(own) = seen.email.as_deref().map(mailbox_key) else {
        return Ok(Vec::new());
    };
    let listed = asked
        .desk
        .views
        .list::<PersonRow>(
            None,
            Vec::new(),
            &Wanted {
                after: None,
                limit: 500,
            },
        )
        .await?
        .items;
    let others = listed
        .into_iter()
        .filter(|row| row.id != seen.id && has_roles(row))
        .collect();
    let others = asked
        .desk
        .views
        .decrypt_people(&asked.signed.reader, others)
        .await?;
    let like = |other: &PersonView| {
        other
            .email
            .as_deref()
            .is_some_and(|email| mailbox_key(email) == own)
    };
    Ok(others
        .into_iter()
        .filter(like)
        .filter_map(|other| other.name)
        .collect())
}

/// The list as a spreadsheet, with the personal values that the reader may see.
pub(super) async fn spreadsheet(asked: &DeskRequest<'_>) -> Result<Spreadsheet, PageError> {
    let all = asked.text("all") == "yes";
    let rows = asked.list_all::<PersonRow>(Vec::new()).await?;
    let rows = rows
        .into_iter()
        .filter(|row| all || has_roles(row))
        .collect();
    let people = asked
        .desk
        .views
        .decrypt_people(&asked.signed.reader, rows)
        .await?;
    if asked.signed.reader.works_with_groups() {
        http::accesses::record_access(asked.desk, &asked.signed.reader, AccessedData::Addresses)
            .await?;
    }
    Ok(spreadsheets::build_spreadsheet(
        "People",
        ["Name", "E-mail", "Roles", "Id"],
        people,
        |person| {
            let roles: Vec<&str> = person.roles.iter().map(|role| (*role).into()).collect();
            [
                person.name.into(),
                person.email.into(),
                roles.join(", ").into(),
                person.id.to_string().into(),
            ]
        },
    ))
}

#[derive(Template)]
#[template(path = "desk/person.html")]
struct PersonPage {
    page: PageContext,
    wrong: Vec<(String, String)>,
    seen: PersonView,
    twins: Vec<String>,
    /// Who proposed the contact details that wait for confirmation.
    proposed_by: String,
    takes_held: bool,
    /// Who read the person's subject access report; only for auditors and administrators.
    accesses: Option<Vec<AccessLine>>,
    contact_acts: Vec<Action>,
    acts: Vec<Action>,
    /// The number of sessions and the names of tokens, for administrators.
    access: Option<String>,
    history: Vec<HistoryEntry>,
}

/// The person's subject access report. The access is recorded, unless it is the reader's own.
pub(super) async fn subject_access(
    asked: &DeskRequest<'_>,
    id: &str,
) -> Result<HttpResponse, PageError> {
    let row: PersonRow = asked
        .desk
        .views
        .find(&ownership::parse_uuid(id)?.to_string(), None)
        .await?
        .ok_or_else(PageError::not_found)?;
    let reader = &asked.signed.reader;
    if !reader.may_take_subject_access(&row) {
        return Err(PageError::forbidden());
    }
    let held = asked
        .desk
        .views
        .subject_access_for_person(PersonId(row.id))
        .await?;
    if reader.person.0 != row.id {
        http::accesses::record_access(
            asked.desk,
            reader,
            AccessedData::SubjectAccess(&row.id.to_string()),
        )
        .await?;
    }
    crate::http::pages::subject_access::render_report(asked.desk, "this person", &[held]).await
}

pub(super) async fn show(asked: &DeskRequest<'_>, id: &str) -> Result<HttpResponse, PageError> {
    let row: PersonRow = asked
        .desk
        .views
        .find(&ownership::parse_uuid(id)?.to_string(), None)
        .await?
        .ok_or_else(PageError::not_found)?;
    let takes_held = asked.signed.reader.may_take_subject_access(&row);
    let seen = asked
        .desk
        .views
        .decrypt_people(&asked.signed.reader, vec![row])
        .await?
        .pop()
        .ok_or_else(PageError::not_found)?;
    let forms = asked.forms();
    let proposed_by = seen
        .proposed_contact
        .as_ref()
        .and_then(|proposed| proposed.by);
    let names = asked.names_of_colleagues(proposed_by).await?;
    let title = seen.name.clone().unwrap_or_else(|| "A person".to_owned());
    let page = PersonPage {
        page: asked.page_context(&title).await?,
        wrong: forms.error_summary(),
        proposed_by: proposed_by.map(|by| names.of(&by)).unwrap_or_default(),
        contact_acts: contact_actions(asked, &forms, &seen).await?,
        acts: actions(asked, &forms, &seen).await?,
        takes_held,
        accesses: accesses::recent(asked, &seen.id.to_string()).await?,
        access: sessions_and_tokens(asked, seen.id).await?,
        history: history(asked, seen.id).await?,
        twins: people_with_similar_address(asked, &seen).await?,
        seen,
    };
    asked.render(&page)
}

/// The number of a person's sessions and the names of their tokens that are still valid; only for
/// administrators.
async fn sessions_and_tokens(
    asked: &DeskRequest<'_>,
    person: uuid::Uuid,
) -> Result<Option<String>, PageError> {
    if !asked.signed.reader.roles.contains(&Role::Administrator) {
        return Ok(None);
    }
    let log = asked.desk.commands.log();
    let now = asked.desk.commands.now().as_microsecond();
    let known = log
        .load_recent::<Person>(person, IDENTITY_MAX_AGE)
        .await?
        .state;
    let organisation = log
        .load_recent::<Organisation>(asked.desk.commands.organisation().0, IDENTITY_MAX_AGE)
        .await?
        .state;
    let ended = AccessEndings::of_person(PersonId(person), &known, &organisation);
    let sessions =
        sessions::active_of_person(log.store(), log.organisation(), &person.to_string(), now)
            .await?;
    let tokens =
        tokens::active_of_person(log.store(), log.organisation(), &person.to_string(), now).await?;
    let signed_in = sessions
        .iter()
        .filter(|session| {
            ended.allows(AccessBasis {
                roles: &session.roles,
                endings: session.access,
            })
        })
        .count();
    let spared = tokens.into_iter().filter(|token| {
        ended.allows(AccessBasis {
            roles: &token.roles,
            endings: token.access,
        })
    });
    let names: Vec<_> = spared.map(|token| token.name).collect();
    let names = if names.is_empty() {
        "none".to_owned()
    } else {
        names.join(", ")
    };
    Ok(Some(format!("sessions: {signed_in}; tokens: {names}")))
}

async fn actions(
    asked: &DeskRequest<'_>,
    forms: &PageForms,
    seen: &PersonView,
) -> Result<Vec<Action>, PageError> {
    let person = PersonId(seen.id);
    let act = async |name: &str,
                     form: &str,
                     title: &str,
                     role: Role,
                     command: C|
           -> Result<Action, PageError> {
        let organisation = asked.desk.commands.organisation();
        let offered = Availability::check(
            asked.desk,
            asked.visitor,
            Command::Organisation(organisation, command),
        )
        .await?;
        let act = Action::new(
            forms,
            form,
            title,
            &format!("/desk/do/organisation/{name}"),
            offered,
        );
        Ok(act
            .hidden("person", person)
            .hidden("role", <&str>::from(role)))
    };
    let mut acts = Vec::new();
    for role in Role::VARIANTS.iter().copied() {
        let of = RoleRef { person, role };
        let key: &str = role.into();
        if seen.proposed.contains(&role) {
            let proposal = seen.proposals.get(&role).copied();
            let confirm = C::ConfirmRole(ConfirmRole {
                person,
                role,
                proposal,
            });
            let confirm = act(
                "confirm-role",
                &format!("confirm-{key}"),
                &format!("Confirm the role {key}"),
                role,
                confirm,
            )
            .await?;
            acts.push(match proposal {
                Some(proposal) => confirm.hidden("proposal:n", proposal),
                None => confirm,
            });
            let title = format!("Take back the proposal of the role {key}");
            acts.push(
                act(
                    "end-role",
                    &format!("take-back-{key}"),
                    &title,
                    role,
                    C::EndRole(of),
                )
                .await?,
            );
        }
        if seen.roles.contains(&role) {
            acts.push(
                act(
                    "end-role",
                    &format!("end-{key}"),
                    &format!("End the role {key}"),
                    role,
                    C::EndRole(of),
                )
                .await?
                .destructive(),
            );
        }
        if !seen.proposed.contains(&role) {
            acts.push(
                act(
                    "propose-role",
                    &format!("propose-{key}"),
                    &format!("Propose the role {key}"),
                    role,
                    C::ProposeRole(of),
                )
                .await?,
            );
        }
    }
    let why = WithReason {
        reason: "why".parse().expect("a short text"),
    };
    let offered = Availability::check(
        asked.desk,
        asked.visitor,
        Command::Person(person, PersonCommand::EndAccess(why)),
    )
    .await?;
    let end = Action::new(
        forms,
        "end-access",
        "End every session and token",
        &format!("/desk/do/people/{person}/end-access"),
        offered,
    );
    acts.push(
        end.text_area_with_hint("reason", "Why", "Names of people do not belong here.")
            .destructive(),
    );
    acts.extend(
        erasure_actions(asked, forms, "people", seen.id, &|command| {
            Command::Person(person, command.into_person_command())
        })
        .await?,
    );
    Ok(visible(acts))
}

/// Changing a person's contact details, and confirming or refusing a change that an officer
/// proposed.
async fn contact_actions(
    asked: &DeskRequest<'_>,
    forms: &PageForms,
    seen: &PersonView,
) -> Result<Vec<Action>, PageError> {
    let person = PersonId(seen.id);
    let act = async |title: &str, command: PersonCommand| -> Result<Action, PageError> {
        let (name, path) = (
            command.name(),
            format!("/desk/do/people/{person}/{}", command.name()),
        );
        let offered =
            Availability::check(asked.desk, asked.visitor, Command::Person(person, command))
                .await?;
        Ok(Action::new(forms, name, title, &path, offered))
    };
    let mut acts = Vec::new();
    if let Some(proposal) = seen
        .proposed_contact
        .as_ref()
        .map(|proposed| proposed.proposal)
    {
        let confirm = act(
            "Confirm these contact details",
            PersonCommand::ConfirmContact(ProposalRef { proposal }),
        )
        .await?;
        acts.push(confirm.hidden("proposal:n", proposal));
        let refuse = PersonCommand::RefuseContact(WithReason {
            reason: "why".parse().expect("a short text"),
        });
        let refuse = act("Leave the contact details as they are", refuse).await?;
        acts.push(refuse.text_area_with_hint(
            "reason",
            "Why",
            "Names of people do not belong here.",
        ));
    }
    let trial = PersonDetails {
        name: PersonalInput::Open("name".to_owned()),
        email: None,
        telephone: None,
    };
    let hint = if asked.signed.reader.person == person {
        "If the e-mail address is another one, you then sign in again with it."
    } else {
        "Before it counts, a colleague or the person must confirm it. Only somebody whom you registered yourself today is changed at once."
    };
    acts.push(
        act(
            "Change name and contact",
            PersonCommand::ChangeContact(trial),
        )
        .await?
        .text_with_hint("name", "Name", hint)
        .text("email", "E-mail")
        .text("telephone", "Telephone")
        .prefill("name", seen.name.clone().unwrap_or_default())
        .prefill("email", seen.email.clone().unwrap_or_default())
        .prefill("telephone", seen.telephone.clone().unwrap_or_default()),
    );
    Ok(visible(acts))
}
