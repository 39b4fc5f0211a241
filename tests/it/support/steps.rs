//! The steps from an application to a payment, and what changes its people meanwhile: one function
//! for each command. A test issues the command as somebody who may, or asserts that it is refused.

use jiff::civil::Date;
use microgrants::domain::application::{DeclareInterest, Interest, InterestKind};
use microgrants::domain::command::{NoBody, WithReason};
use microgrants::domain::grant::{
    AcceptAgreement, AcceptanceMethod, DeclareUnderspend, SendPayment,
};
use microgrants::domain::group::{MemberRef, MergeGroup, VerifyPayee};
use microgrants::domain::organisation::{RoleRef, sha256_hex};
use microgrants::domain::panel::Award;
use microgrants::domain::{
    ApplicationCommand, ApplicationId, Command, FundCommand, FundId, GrantCommand, GrantId,
    GroupCommand, GroupId, OrganisationCommand, PersonId, Role,
};
use serde_json::{Value, json};

use crate::support::fixtures::{self, AGREEMENT_TEXT, award_of, gbp, open, text};
use crate::support::scenario::command_from_json;
use crate::support::test_app::TestApp;

/// Asserts that a step is refused with this code, and changes nothing.
pub async fn assert_refused(app: &TestApp, by: PersonId, code: &str, step: Command) {
    let says = format!("{step:?}");
    assert_eq!(app.issue_refused(by, step).await.code(), code, "{says}");
}

// The fund.

pub fn pause(fund: FundId) -> Command {
    let reason = text("A pause");
    Command::Fund(fund, FundCommand::Pause(WithReason { reason }))
}

pub fn resume(fund: FundId) -> Command {
    Command::Fund(fund, FundCommand::Resume(NoBody {}))
}

// The application, which a member sends and staff make ready for a decision.

pub fn submit_on_web(application: ApplicationId) -> Command {
    Command::Application(application, ApplicationCommand::Submit(fixtures::submit()))
}

pub fn confirm_eligibility(application: ApplicationId) -> Command {
    Command::Application(
        application,
        ApplicationCommand::ConfirmEligibility(NoBody {}),
    )
}

pub fn write_summary(application: ApplicationId) -> Command {
    let summary = json!({
        "title": "Soup on Saturdays",
        "description": "Neighbours cook and eat together.",
    });
    command_from_json("application", application.0, "write-summary", &summary)
}

// The decision. A grant has the id of its application, so that either names it.

pub fn declare_no_interest(application: impl Into<ApplicationId>) -> Command {
    Command::Application(application.into(), fixtures::no_interest())
}

pub fn declare_interest(application: impl Into<ApplicationId>, kind: InterestKind) -> Command {
    let interest = Interest {
        kind,
        note: text("Known since school"),
    };
    let declare = DeclareInterest {
        interest: Some(interest),
    };
    Command::Application(application.into(), ApplicationCommand::Declare(declare))
}

pub fn score(application: ApplicationId) -> Command {
    let score = json!({ "criteria": { "need": 5 }, "note": "Good" });
    command_from_json("application", application.0, "score", &score)
}

/// An award at a decision where these people were present, besides the one who records it.
pub fn award_with(
    app: &TestApp,
    application: ApplicationId,
    pounds: u32,
    present: &[PersonId],
) -> Command {
    let award = Award {
        present: present.iter().copied().collect(),
        ..award_of(gbp(pounds), app.in_days(90), app.in_days(120))
    };
    Command::Application(application, ApplicationCommand::Award(award))
}

pub fn confirm_attendance(
    application: impl Into<ApplicationId>,
    person: PersonId,
    decision: u32,
) -> Command {
    let attended = json!({ "person": person, "decision": decision });
    let application = application.into();
    command_from_json(
        "application",
        application.0,
        "confirm-attendance",
        &attended,
    )
}

// The grant, from the agreement to its end.

pub fn accept_agreement(grant: GrantId) -> Command {
    let accept = AcceptAgreement {
        hash: sha256_hex(AGREEMENT_TEXT),
        method: AcceptanceMethod::Web,
        names: vec![open("Cass"), open("Dee")],
    };
    Command::Grant(grant, GrantCommand::AcceptAgreement(accept))
}

pub fn request_check(grant: GrantId, check: &str) -> Command {
    let request = json!({ "check": check, "note": "The booking" });
    on_grant(grant, "request-check", &request)
}

pub fn pass_check(grant: GrantId, check: &str) -> Command {
    Command::Grant(grant, fixtures::pass_check(check))
}

pub fn propose_waiver(grant: GrantId, check: &str) -> Command {
    on_grant(
        grant,
        "propose-waiver",
        &json!({ "check": check, "note": "No need" }),
    )
}

pub fn confirm_waiver(grant: GrantId, check: &str) -> Command {
    on_grant(grant, "confirm-waiver", &json!({ "check": check }))
}

pub fn prepare_payment(grant: GrantId, pounds: u32) -> Command {
    Command::Grant(grant, fixtures::prepare(pounds))
}

pub fn approve_payment(grant: GrantId, payment: u16) -> Command {
    Command::Grant(grant, fixtures::approve(payment))
}

pub fn send_payment(grant: GrantId, payment: u16, happened_on: Date) -> Command {
    let send = SendPayment {
        payment,
        happened_on,
    };
    Command::Grant(grant, GrantCommand::SendPayment(send))
}

pub fn confirm_payment(grant: GrantId, payment: u16, happened_on: Date) -> Command {
    Command::Grant(grant, fixtures::confirm(payment, happened_on))
}

/// The bank took the first payment back.
pub fn reverse_payment(grant: GrantId, happened_on: Date) -> Command {
    let recall = json!({
        "payment": 1, "happened_on": happened_on, "reason": "Recalled by the bank",
    });
    on_grant(grant, "reverse-payment", &recall)
}

pub fn declare_underspend(grant: GrantId, pounds: u32) -> Command {
    let amount = gbp(pounds);
    Command::Grant(
        grant,
        GrantCommand::DeclareUnderspend(DeclareUnderspend { amount }),
    )
}

pub fn receive_return(grant: GrantId, pounds: u32, received_on: Date) -> Command {
    Command::Grant(grant, fixtures::receive_return(pounds, received_on))
}

pub fn propose_return_waiver(grant: GrantId, pounds: u32) -> Command {
    let waiver = json!({ "amount": gbp(pounds), "reason": "Spent on cups" });
    on_grant(grant, "propose-return-waiver", &waiver)
}

pub fn confirm_return_waiver(grant: GrantId, pounds: u32) -> Command {
    on_grant(
        grant,
        "confirm-return-waiver",
        &json!({ "amount": gbp(pounds) }),
    )
}

pub fn demand_clawback(grant: GrantId, pounds: u32) -> Command {
    let demand = json!({ "amount": gbp(pounds), "reason": "Not spent as agreed" });
    on_grant(grant, "demand-clawback", &demand)
}

pub fn excuse_update(grant: GrantId) -> Command {
    let excuse = json!({ "update": 1, "reason": "Heard on the telephone" });
    on_grant(grant, "excuse-update", &excuse)
}

pub fn close_grant(grant: GrantId) -> Command {
    on_grant(grant, "close", &json!({}))
}

fn on_grant(grant: GrantId, name: &str, body: &Value) -> Command {
    command_from_json("grant", grant.0, name, body)
}

// The group: its payee and its members.

pub fn provide_payee(group: GroupId) -> Command {
    Command::Group(group, fixtures::provide_payee("12-34-56 12345678"))
}

pub fn verify_payee(group: GroupId, payee: u32) -> Command {
    let method = text("A statement was seen");
    Command::Group(
        group,
        GroupCommand::VerifyPayee(VerifyPayee { payee, method }),
    )
}

/// Invites a person to a group; the person accepts.
pub async fn add_member(app: &TestApp, by: PersonId, group: GroupId, person: PersonId) {
    app.issue_ok(by, invite(group, person)).await;
    app.issue_ok(person, join(group, person)).await;
}

pub fn invite(group: GroupId, person: PersonId) -> Command {
    Command::Group(group, GroupCommand::AddMember(MemberRef { person }))
}

pub fn join(group: GroupId, person: PersonId) -> Command {
    Command::Group(group, GroupCommand::Join(MemberRef { person }))
}

pub fn remove_member(group: GroupId, person: PersonId) -> Command {
    Command::Group(group, GroupCommand::RemoveMember(MemberRef { person }))
}

pub fn merge_group(group: GroupId, into: GroupId) -> Command {
    let reason = text("The same people");
    Command::Group(group, GroupCommand::Merge(MergeGroup { into, reason }))
}

// People and their roles.

pub fn register(person: PersonId, name: &str, email: &str) -> Command {
    on_person(person, "register", &json!({ "name": name, "email": email }))
}

pub fn change_contact(person: PersonId, name: &str, email: &str) -> Command {
    on_person(
        person,
        "change-contact",
        &json!({ "name": name, "email": email }),
    )
}

pub fn confirm_contact(person: PersonId, proposal: u32) -> Command {
    on_person(person, "confirm-contact", &json!({ "proposal": proposal }))
}

pub fn erase_person(person: PersonId) -> Command {
    on_person(person, "erase", &json!({ "reason": "Asked for" }))
}

fn on_person(person: PersonId, name: &str, body: &Value) -> Command {
    command_from_json("person", person.0, name, body)
}

pub fn propose_role(app: &TestApp, person: PersonId, role: Role) -> Command {
    on_organisation(app, fixtures::propose(person, role))
}

pub fn confirm_role(app: &TestApp, person: PersonId, role: Role) -> Command {
    on_organisation(app, fixtures::confirm_role(person, role))
}

/// Ends a role that the person holds or is proposed for.
pub fn end_role(app: &TestApp, person: PersonId, role: Role) -> Command {
    on_organisation(app, OrganisationCommand::EndRole(RoleRef { person, role }))
}

fn on_organisation(app: &TestApp, command: OrganisationCommand) -> Command {
    Command::Organisation(app.commands.organisation(), command)
}
