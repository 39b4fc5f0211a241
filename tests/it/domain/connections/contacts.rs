//! Contact details: an officer's change of another person's details takes a second person.

use std::sync::Arc;

use microgrants::domain::personal_data::BlindIndexKind;
use microgrants::domain::{Command, Person, PersonId, Role};
use serde_json::json;
use uuid::Uuid;

use super::command;
use crate::support::fixtures::{Office, person, sign_in};
use crate::support::replay::replay_log;
use crate::support::steps::{
    assert_refused, change_contact, confirm_contact, propose_role, register,
};
use crate::support::test_app::TestApp;

/// The person who is found by an address.
async fn holder_of(app: &TestApp, address: &str) -> Option<PersonId> {
    let vault = app.log.vault();
    let holder = vault.subject_of(BlindIndexKind::Email, address).await;
    holder.unwrap().map(PersonId)
}

fn change_name(person: PersonId, name: &str) -> Command {
    command("person/change-contact", person.0, &json!({ "name": name }))
}

/// A person whom Ada registered, under an address with a slip.
async fn registered_by_ada(app: &TestApp, office: &Office) -> PersonId {
    let dee = PersonId(Uuid::from_u128(72));
    app.issue_ok(office.ada, register(dee, "Dee", "de@example.org"))
        .await;
    dee
}

on_each_engine!(nobody_changes_the_contact_of_another_alone);
async fn nobody_changes_the_contact_of_another_alone(app: TestApp) {
    // Given
    let office = Office::open(&app, 5000).await;
    let (ada, ben) = (office.ada, office.ben);
    let (_, member) = office.group(&app).await;
    let stranger = person(&app, "Stranger").await;
    let new = "adas.second.mailbox@example.org";

    // When
    let proposed = app.issue_ok(ada, change_contact(member, "Cass", new)).await;

    // Then
    assert_eq!(proposed.made, Some(1), "it is proposed");
    assert_eq!(
        holder_of(&app, new).await,
        None,
        "nobody is found by what is only proposed"
    );
    assert_refused(&app, ada, "same_person", confirm_contact(member, 1)).await;
    assert_refused(&app, stranger, "not_yours", confirm_contact(member, 1)).await;
    app.issue_ok(ben, confirm_contact(member, 1)).await;
    assert_eq!(holder_of(&app, new).await, Some(member));
    replay_log(&app).await;
}

on_each_engine!(a_person_changes_their_own_contact_immediately);
/// Their address is not proven.
async fn a_person_changes_their_own_contact_immediately(app: TestApp) {
    let office = Office::open(&app, 5000).await;
    let (_, member) = office.group(&app).await;

    app.issue_ok(member, change_contact(member, "Cass", "cass@example.org"))
        .await;

    assert_eq!(holder_of(&app, "cass@example.org").await, Some(member));
    replay_log(&app).await;
}

/// What is known of a person.
async fn known(app: &TestApp, person: PersonId) -> Arc<Person> {
    app.log.refresh::<Person>(person.0).await.unwrap().state
}

on_each_engine!(a_proven_address_is_not_changed_by_its_person_alone);
/// A program's token is enough for the command, and must not become the account.
async fn a_proven_address_is_not_changed_by_its_person_alone(app: TestApp) {
    // Given
    let office = Office::open(&app, 5000).await;
    let (_, member) = office.group(&app).await;
    let nia = person(&app, "Nia").await;
    for person in [member, nia] {
        sign_in(&app, person).await;
    }
    app.issue_ok(office.ada, propose_role(&app, nia, Role::Officer))
        .await;
    let own = |person: PersonId| format!("{}@example.org", person.0.simple());
    let new = "new@example.org";

    // Then
    for staff in [office.ada, nia] {
        assert_refused(&app, staff, "not_yours", change_contact(staff, "Q", new)).await;
        assert_refused(&app, staff, "not_yours", change_name(staff, "Q")).await;
        app.issue_ok(staff, change_contact(staff, "Q", &own(staff)))
            .await;
        assert!(known(&app, staff).await.has_proven_address(), "a name");
    }
    app.issue_ok(member, change_contact(member, "Cass", new))
        .await;
    assert!(
        known(&app, member).await.asked_address().is_some(),
        "a link is mailed to it"
    );
    app.issue_ok(member, change_name(member, "Cass")).await;
    assert!(known(&app, member).await.has_proven_address());
    assert_eq!(holder_of(&app, new).await, None);
    assert_eq!(holder_of(&app, &own(member)).await, Some(member));
    replay_log(&app).await;
}

on_each_engine!(an_officer_corrects_a_slip_of_the_same_day);
async fn an_officer_corrects_a_slip_of_the_same_day(app: TestApp) {
    let office = Office::open(&app, 5000).await;
    let (ada, ben) = (office.ada, office.ben);
    let dee = registered_by_ada(&app, &office).await;
    let right = || change_contact(dee, "Dee", "dee@example.org");

    let own = app.issue_ok(ada, right()).await;
    let of_another = app.issue_ok(ben, change_name(dee, "Bee")).await;
    app.pass_days(1);
    let next_day = app.issue_ok(ada, right()).await;

    assert_eq!(own.made, None, "the officer's own slip is corrected");
    assert_eq!(of_another.made, Some(1), "another's change is proposed");
    assert_eq!(next_day.made, Some(2), "so is one of another day");
    replay_log(&app).await;
}

on_each_engine!(two_people_do_not_share_an_address);
/// An address that belongs to somebody can be proposed for another person, but not confirmed.
async fn two_people_do_not_share_an_address(app: TestApp) {
    // Given
    let office = Office::open(&app, 5000).await;
    let (ada, ben) = (office.ada, office.ben);
    let (_, member) = office.group(&app).await;
    app.issue_ok(member, change_contact(member, "Cass", "cass@example.org"))
        .await;
    let dee = registered_by_ada(&app, &office).await;
    app.pass_days(1);

    // When
    let taken = change_contact(dee, "Dee", "cass@example.org");
    let proposed = app.issue_ok(ada, taken).await;

    // Then
    assert_eq!(proposed.made, Some(1));
    assert_refused(&app, ben, "taken", confirm_contact(dee, 1)).await;
    let refuse = json!({ "reason": "It is another's" });
    app.issue_ok(ben, command("person/refuse-contact", dee.0, &refuse))
        .await;
    assert_refused(&app, ben, "not_proposed", confirm_contact(dee, 1)).await;
    replay_log(&app).await;
}

on_each_engine!(only_the_person_changes_the_contact_of_somebody_with_a_role);
/// Somebody who holds a role, or is proposed for one.
async fn only_the_person_changes_the_contact_of_somebody_with_a_role(app: TestApp) {
    let office = Office::open(&app, 5000).await;
    let (ada, ben) = (office.ada, office.ben);
    let dee = registered_by_ada(&app, &office).await;

    app.issue_ok(ada, propose_role(&app, dee, Role::Officer))
        .await;

    assert_refused(&app, ada, "not_yours", change_name(ben, "Ben")).await;
    assert_refused(&app, ben, "not_yours", change_name(dee, "Dee")).await;
    replay_log(&app).await;
}
